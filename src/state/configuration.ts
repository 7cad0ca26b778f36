import type {MailAddress} from '../mail/address.ts'
import type {CertificateFacts} from '../pki/certificate.ts'
import type {Profile, Rule} from '../policy/profile.ts'

/** The whole config directory, read and checked: all of it is sound, or reading it threw. */
export interface Configuration {
  dir: string
  /** Short hash over every file read; equal content, equal revision. */
  revision: string
  settings: RelaySettings
  /** Built-in level profiles first, then `profiles/*.yaml` by name. */
  profiles: ReadonlyMap<string, Profile>
  rules: readonly Rule[]
  cas: ReadonlyMap<string, StoredCa>
}

export interface StoredCa {
  name: string
  /** One PEM block a certificate, in the order of the file. */
  certificates: {pem: string; facts: CertificateFacts}[]
}

/** How many in how many milliseconds. */
export interface Rate {
  count: number
  per: number
}

/** relay.yaml with defaults filled in; durations in milliseconds, sizes in octets. */
export interface RelaySettings {
  hostname: string
  listeners: {address: string; port: number; tls: 'starttls' | 'implicit' | 'off'}[]
  /**
   * `identities`: further ones, chosen by the name that a client asks for. `clientIdentity`: the one for next hops that ask
   * for a certificate; left out: they get none.
   */
  tls: {enabled: boolean; identity: string; identities: string[]; clientIdentity?: string | undefined}
  /** CIDR: networks that may relay. */
  clients: string[]
  /** Protected domains, accepted from anyone. */
  domains: string[]
  /** Who reads the mail for `<postmaster>` without a domain. */
  postmaster?: MailAddress | undefined
  routes: {domain: string; host: string; port?: number | undefined; implicitTls: boolean}[]
  dns: {servers: string[]; trusted: boolean}
  ports: {smtp: number; smtps: number; https: number}
  queue: {retry: number; retryMax: number; warnAfter: number; lifetime: number; dsnLifetime: number}
  /** Where metrics and health are served over HTTP; left out: nowhere. `exposed`: not only to this machine. */
  metrics?: {address: string; port: number; exposed: boolean} | undefined
  /** The account that a relay started by root becomes, and its group where it is not the account's own. */
  user?: string | undefined
  group?: string | undefined
  /** Of a log in a file: octets a file, and how many older ones are kept. */
  log: {size: number; keep: number}
  limits: {
    messageSize: number
    /** Octets that must be free on the disk of the queue for a message to be taken in. */
    freeSpace: number
    recipients: number
    /** Received headers of a message before it counts as looping. */
    hops: number
    errorsPerSession: number
    connections: number
    /** Octets that all sessions hold unread. */
    memory: number
    greetingDelay?: number | undefined
    connectionsPerClient: number
    connectionRatePerClient?: Rate | undefined
    messagesPerClient?: Rate | undefined
    recipientsPerClient?: Rate | undefined
    /** The networks under `clients` are bound by none of the limits per client. */
    exemptClients: boolean
    connectionsPerDestination: number
    /** To one address, over all the destinations whose mail host it is. */
    connectionsPerAddress: number
  }
}
