import {type MailAddress, mailDomainText} from '../mail/address.ts'
import {printable} from '../mail/domain.ts'
import type {Reply} from '../mail/reply.ts'
import {replyText} from '../mail/reply.ts'
import {networkContains} from '../policy/cidr.ts'
import type {EffectiveProfile} from '../policy/profile.ts'
import type {QueueStore} from '../queue/store.ts'
import type {ClientFacts, ReceiverHandlers} from '../smtp/receiver.ts'
import type {AuthPauses} from './auth-pauses.ts'
import {clientKey} from './client-key.ts'
import {takeIn} from './intake.ts'
import type {RelayLog} from './log.ts'
import {isOwnPostmaster} from './postmaster.ts'
import {receivedPath, refusedPath} from './received-facts.ts'
import {judgeReceived, type Refusal} from './receiving.ts'
import type {RelaySnapshot} from './snapshot.ts'
import type {Throttle} from './throttle.ts'

/** What receiving asks of the relay it is a part of. Everything is asked anew each time: a reload may have come. */
export interface ReceivingHouse {
  snapshot(): RelaySnapshot
  /** Where messages go; a reply instead while none are accepted. */
  queue(): QueueStore | Reply
  /** The queue could not keep a message. */
  queueFailed(error: unknown): void
  log: RelayLog
  authPauses: AuthPauses
  now(): number
}

type Stage = {client: ClientFacts; sender: MailAddress | null; recipient?: MailAddress}
/** `profile`: that of the rule that refused; null where no rule did. */
type Refused = {reply: Reply; reason: string; profile: EffectiveProfile | null}

/** The house's answers to one session. `anchors`: what its client certificate was verified under. */
export function receivingHandlers(house: ReceivingHouse, anchors: string | null, throttle: Throttle): ReceiverHandlers {
  let sender: MailAddress | null = null
  let governing: EffectiveProfile[] = []

  const answer = (stage: Stage, command: 'MAIL' | 'RCPT', refusal: Refused | null) => {
    if (refusal === null) return null
    const {session, address: client} = stage.client
    const argument = `<${(command === 'MAIL' ? stage.sender : stage.recipient)?.text ?? ''}>`
    const reply = replyText(refusal.reply)
    const path = refusedPath(stage.client, refusal.profile)
    house.log.event({event: 'rejected', session, client, command, argument, reply, path, reason: refusal.reason})
    return refusal.reply
  }

  return {
    authFailed(client, {mechanism, user, reason}) {
      const held = house.authPauses.after(clientKey(client.address), house.now())
      const who = {session: client.session, client: client.address, user: user && printable(user, 100)}
      house.log.event({event: 'auth-failed', ...who, mechanism, reason, held})
      return held
    },
    async mail(client, reversePath) {
      sender = reversePath
      governing = []
      const queue = house.queue()
      if (isReply(queue)) return queue
      const stage = {client, sender}
      const refusal = answer(stage, 'MAIL', refusedByPolicy(house, anchors, stage))
      return refusal ?? throttle.message(client.address)
    },
    async rcpt(client, recipient) {
      const stage = {client, sender, recipient}
      const held = throttle.recipient(client.address)
      if (held) return held
      const refusal = refusedAsOpenRelay(house.snapshot(), stage) ?? refusedByPolicy(house, anchors, stage)
      const {profile} = receivingPolicy(house, stage)
      if (refusal === null && profile) governing.push(profile)
      return answer(stage, 'RCPT', refusal)
    },
    async data(client, envelope) {
      const queue = house.queue()
      return isReply(queue) ? queue : takeIn(house, queue, client, envelope, receivedPath(client, governing))
    },
  }
}

function isReply(value: QueueStore | Reply): value is Reply {
  return 'code' in value
}

/** Relaying is for our own clients and users; from anyone else we take mail for the protected domains alone. */
function refusedAsOpenRelay(snapshot: RelaySnapshot, {client, recipient}: Stage): Refused | null {
  if (snapshot.clients.some((network) => networkContains(network, client.address))) return null
  // A user who was deleted since is none any more.
  if (client.user !== null && snapshot.users.credentials.has(client.user)) return null
  if (recipient && snapshot.domains.has(mailDomainText(recipient.domain))) return null
  if (recipient && isOwnPostmaster(recipient, snapshot)) return null
  return {
    reply: {code: 550, lines: ['5.7.1 relaying denied']},
    reason: `${client.address} is in no client network and did not authenticate, and the domain is not protected`,
    profile: null,
  }
}

function receivingPolicy(house: ReceivingHouse, {client, sender, recipient}: Stage) {
  return house.snapshot().policy.receiving({
    client: client.address,
    sender: sender?.text ?? '',
    ...(recipient ? {recipient: recipient.text} : {}),
  })
}

function refusedByPolicy(house: ReceivingHouse, anchors: string | null, stage: Stage): Refused | null {
  const {client, sender, recipient} = stage
  const policy = receivingPolicy(house, stage)
  const senderDomain = sender && mailDomainText(sender.domain)
  const facts = {tls: client.tls, anchors, senderDomain, now: house.now()}
  for (const {profile, rejects} of recipient ? policy.rehearsed : []) {
    const refusal = rejects ? rejectedBy(profile) : judgeReceived(facts, profile)
    if (refusal) logRehearsal(house.log, client, profile, refusal.reason)
  }
  // A rule for certain recipients may come first: then RCPT decides.
  if (policy.profile === null || !(policy.decided || recipient)) return null
  const refusal = policy.rejects ? rejectedBy(policy.profile) : judgeReceived(facts, policy.profile)
  return refusal && {...refusal, profile: policy.profile}
}

/** A rule that takes nothing: RFC 5321 §7.9 leaves that to the host. */
function rejectedBy({rule}: EffectiveProfile): Refusal {
  return {reply: {code: 550, lines: ['5.7.1 not accepted here']}, reason: `rule ${rule} rejects it`}
}

function logRehearsal(
  log: RelayLog,
  client: ClientFacts,
  profile: {rule: string | null; name: string},
  reason: string,
) {
  const {session, address} = client
  log.event({event: 'would-reject', session, client: address, rule: profile.rule, profile: profile.name, reason})
}
