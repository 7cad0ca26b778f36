import type {MailAddress} from '../mail/address.ts'
import type {PathWorld} from '../path/path.ts'
import type {Network} from '../policy/cidr.ts'
import type {EffectiveProfile} from '../policy/profile.ts'
import type {Users} from '../smtp/sasl/users.ts'
import type {QueueTimes} from './retry.ts'

/**
 * What the relay runs by: one configuration, read whole and checked. It is never changed, only replaced, so that every
 * decision is made under one revision.
 */
export interface RelaySnapshot {
  revision: string
  hostname: string
  listeners: readonly ListenerSettings[]
  tlsEnabled: boolean
  /** The relay's own certificate; null only when no listener needs it. */
  identity: RelayIdentity | null
  /** Shown to clients that name one of them by SNI. */
  moreIdentities: readonly RelayIdentity[]
  /** Shown to next hops that ask for a certificate; null: they get none. */
  clientIdentity: RelayIdentity | null
  /** Who may authenticate, and then relay to anywhere. */
  users: Users
  /** A hash of what `revision` does not speak of: certificates, keys and users. */
  secrets: string
  /** Who may relay to anywhere. */
  clients: readonly Network[]
  /** Domains accepted from anyone, A-labels. */
  domains: ReadonlySet<string>
  /** Who reads the mail for the postmaster of this host. */
  postmaster: MailAddress
  routes: readonly StaticRoute[]
  queue: QueueTimes
  limits: RelayLimits
  /** Where metrics and health are served; null: nowhere. */
  metrics: {address: string; port: number; exposed: boolean} | null
  /** Who a relay that root started becomes. A reload cannot change that. */
  account: {user?: string | undefined; group?: string | undefined}
  path: PathWorld
  policy: RelayPolicy
}

export interface ListenerSettings {
  address: string
  port: number
  tls: 'starttls' | 'implicit' | 'off'
}

export interface StaticRoute {
  /** A domain, or `*`. */
  domain: string
  host: string
  port?: number | undefined
  /** TLS from the first byte. */
  implicitTls?: boolean | undefined
}

/** How many in how many milliseconds. */
export interface Rate {
  count: number
  per: number
}

export interface RelayLimits {
  messageSize: number
  /** Octets that must be free on the disk of the queue for a message to be taken in. */
  freeSpace: number
  recipients: number
  /** Received headers of a message before it counts as looping. */
  hops: number
  /** Errors of one session before it is ended; a message that was taken clears them. */
  errorsPerSession: number
  /** Of all clients together. */
  connections: number
  /** Octets that all receiving sessions together hold unread. */
  memory: number
  /** Milliseconds before the greeting. */
  greetingDelay?: number | undefined
  connectionsPerClient: number
  connectionRatePerClient?: Rate | undefined
  messagesPerClient?: Rate | undefined
  recipientsPerClient?: Rate | undefined
  /** The client networks are bound by none of the limits per client. */
  exemptClients: boolean
  connectionsPerDestination: number
  /** To one address, over all the destinations whose mail host it is. */
  connectionsPerAddress: number
}

export interface RelayIdentity {
  name: string
  /** Leaf first, then its intermediates. */
  certificatePem: string
  keyPem: string
  /** Of the leaf. */
  dnsNames: readonly string[]
}

/** The policy, as far as a relay asks it. The null sender is ''. */
export interface RelayPolicy {
  /** The profile for one recipient at one address, and those that only rehearse. */
  delivery(input: {recipient: string; sender: string; address: string}): {
    profile: EffectiveProfile
    rehearsed: EffectiveProfile[]
  }
  /** Equal keys: equal profiles, whatever address will be dialled. Such recipients may share a transaction. */
  deliveryKey(input: {recipient: string; sender: string}): string
  /** Every profile that may be rehearsed on this recipient, whatever address will be dialled. */
  mayRehearse(input: {recipient: string; sender: string}): EffectiveProfile[]
  receiving(input: {client: string; sender?: string; recipient?: string}): ReceivingPolicy
}

export interface ReceivingPolicy {
  /** What applies if nothing more is learnt; null: no rule matches. */
  profile: EffectiveProfile | null
  /** The rule refuses the mail, whatever its TLS. */
  rejects: boolean
  /** False while an earlier rule asks for something that is not known yet, such as the recipient. */
  decided: boolean
  /** Every profile that may still apply. */
  possible: EffectiveProfile[]
  rehearsed: {profile: EffectiveProfile; rejects: boolean}[]
}
