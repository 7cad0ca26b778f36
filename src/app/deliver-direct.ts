import {type MailAddress, mailDomainText} from '../mail/address.ts'
import type {EffectiveProfile} from '../policy/profile.ts'
import {type DeliveryHouse, deliverGroup} from '../relay/deliver.ts'
import {FailureMemory} from '../relay/failure-memory.ts'
import type {OutgoingGroup} from '../relay/group.ts'
import type {RelayEvent} from '../relay/log.ts'
import {SessionPool} from '../relay/session-pool.ts'
import type {StaticRoute} from '../relay/snapshot.ts'
import {loadConfiguration} from '../state/load.ts'
import {effectivePolicy} from './effective-policy.ts'
import {pathWorld} from './path-world.ts'
import {clientIdentity} from './relay-identity.ts'
import {relayPolicy} from './relay-policy.ts'
import {type SendResult, sendResult} from './send-result.ts'
import {queryTime, stepTimes} from './step-times.ts'
import type {AppWorld} from './world.ts'

export interface DirectDelivery {
  from: MailAddress | null
  to: MailAddress[]
  message: Buffer
  /** Instead of MX and the routes of relay.yaml. */
  route?: Omit<StaticRoute, 'domain'> | undefined
  /** Name of a profile or level, instead of what the policy says. */
  profile?: string | undefined
  /** Milliseconds for everything. */
  timeout: number
  /** Told what the engine does. */
  observe?(event: RelayEvent): void
  /** The next hop is our own relay. */
  queued?: boolean
}

/** One delivery attempt through the engine that the relay uses, without a queue. Throws what the configuration throws. */
export async function deliverDirect(world: AppWorld, delivery: DirectDelivery): Promise<SendResult> {
  const config = await loadConfiguration(world.configDir)
  const policy = effectivePolicy(config)
  const rules = relayPolicy(config, policy)
  const identity = await clientIdentity(world.configDir, config.settings.tls)
  const named = delivery.profile === undefined ? null : onlyProfile(policy.profile(delivery.profile))
  const pool = new SessionPool(world)
  const house: DeliveryHouse = {
    snapshot: {
      revision: config.revision,
      routes: delivery.route ? [{domain: '*', ...delivery.route}] : config.settings.routes,
      path: pathWorld(world, config.settings, {
        clientIdentity: identity,
        timeouts: stepTimes(delivery.timeout),
        query: queryTime(delivery.timeout),
      }),
      policy: {...rules, ...named},
    },
    pool,
    memory: new FailureMemory(),
    log: (event) => delivery.observe?.(event),
    signal: AbortSignal.timeout(delivery.timeout),
  }
  const deliveries = []
  try {
    for (const group of groups(delivery, house)) deliveries.push(await deliverGroup(house, group))
  } finally {
    await pool.close()
  }
  return sendResult(deliveries, delivery.queued === true)
}

function onlyProfile(profile: EffectiveProfile) {
  return {delivery: () => ({profile, rehearsed: []}), deliveryKey: () => profile.name, mayRehearse: () => []}
}

/** As the relay groups them: one transaction for recipients that share destination and profile. */
function groups({from, to, message}: DirectDelivery, {snapshot: {policy}}: DeliveryHouse): OutgoingGroup[] {
  const reversePath = from?.text ?? ''
  const options = {...(message.some((octet) => octet > 127) ? {body: '8bitmime' as const} : {})}
  const key = ({text: recipient, domain}: MailAddress) =>
    `${mailDomainText(domain)} ${policy.deliveryKey({recipient, sender: reversePath})}`
  return [...Map.groupBy(to, key).values()].map((members) => ({
    queueId: '-',
    destination: mailDomainText(members[0]!.domain),
    reversePath,
    options: {...options, ...([from, ...members].some((address) => address?.needsUtf8) ? {smtputf8: true} : {})},
    size: message.length,
    recipients: members.map(({text: address}, id) => ({id, address, options: {}, attempts: 0, warned: false})),
    body: async function* () {
      yield message
    },
  }))
}
