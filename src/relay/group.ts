import {MailAddress, parseMailDomain} from '../mail/address.ts'
import type {MailOptions} from '../mail/envelope.ts'
import type {PathRequest} from '../path/path.ts'
import type {EffectiveProfile} from '../policy/profile.ts'
import type {LeasedRecipient} from '../queue/store.ts'
import type {OutgoingMessage} from '../smtp/client.ts'
import type {DeliveryHouse} from './deliver.ts'
import {routeFor} from './route.ts'

/** One message for recipients that share destination and profile: they share one transaction. */
export interface OutgoingGroup {
  queueId: string
  destination: string
  /** '' is the null sender. */
  reversePath: string
  options: MailOptions
  size: number
  recipients: LeasedRecipient[]
  body(): AsyncIterable<Buffer>
}

/** The policy for a group. The first recipient stands for all: their policies cannot differ. */
export class GroupPolicy {
  readonly #house: Pick<DeliveryHouse, 'snapshot'>
  readonly #group: OutgoingGroup
  readonly #known = new Map<string, {profile: EffectiveProfile; rehearsed: EffectiveProfile[]}>()

  constructor(house: Pick<DeliveryHouse, 'snapshot'>, group: OutgoingGroup) {
    this.#house = house
    this.#group = group
  }

  at(address: string): {profile: EffectiveProfile; rehearsed: EffectiveProfile[]} {
    const known = this.#known.get(address)
    if (known) return known
    const {recipients, reversePath: sender} = this.#group
    const found = this.#house.snapshot.policy.delivery({recipient: recipients[0]!.address, sender, address})
    this.#known.set(address, found)
    return found
  }
}

/** How the group asks the engine for a path. */
export function pathRequest(house: DeliveryHouse, group: OutgoingGroup, policy: GroupPolicy): PathRequest {
  const {snapshot, memory, signal} = house
  const {destination, options, reversePath: sender, recipients} = group
  const route = routeFor(snapshot.routes, destination)
  return {
    domain: parseMailDomain(destination)!,
    route: route && {host: route.host, port: route.port},
    ...(route?.implicitTls ? {implicitTls: true} : {}),
    profileFor: (address) => policy.at(address).profile,
    visit: 'first',
    failedBefore: (address) => memory.count(address),
    alsoVerify: snapshot.policy.mayRehearse({recipient: recipients[0]!.address, sender}),
    ...(options.requireTls ? {requireTls: requireTlsOf(group)} : {}),
    ...(house.admit && {admit: house.admit}),
    ...(house.tickets && {tickets: {shelf: house.tickets, scope: `${snapshot.revision} ${destination}`}}),
    signal,
  }
}

/** RFC 8689 §5: a bounce is not discarded because the next hop does not advertise REQUIRETLS. */
export function requireTlsOf({options, reversePath}: OutgoingGroup): boolean | 'unadvertised' {
  return options.requireTls === true && (reversePath === '' ? 'unadvertised' : true)
}

/** The message as it goes out to some of the group's recipients. */
export function outgoing(group: OutgoingGroup, recipients: readonly LeasedRecipient[]): OutgoingMessage {
  const {reversePath, options, size, body} = group
  return {
    reversePath: reversePath === '' ? null : MailAddress.parse(reversePath),
    options,
    recipients: recipients.map(({address, options}) => ({address: MailAddress.parse(address), options})),
    size,
    body,
  }
}
