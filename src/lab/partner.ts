import type {Socket} from 'node:net'
import type {SecureContextOptions} from 'node:tls'
import type {Outcome} from '../policy/evidence.ts'
import type {Level} from '../policy/profile.ts'
import type {ReceiverHandlers, ReceiverOptions} from '../smtp/receiver.ts'
import type {LabPki} from './pki.ts'

/** One line of the catalogue: a partner, what is wrong with it, and what must come of it. */
export interface PartnerDeclaration {
  name: string
  domain: string
  /** What is wrong, for people; `nothing` for a partner in order. */
  trouble: string
  /** The outcome at each level, with the lab's root and intermediate as the only trust anchors. */
  levels: Record<Level, Outcome>
  /** Codes of the findings of severity error at level `secure`. */
  findings: string[]
  /** Other domains whose mail goes to this partner's host. */
  alsoFor?: string[]
  build(site: PartnerSite): Promise<Behaviour>
}

/** What a builder has to build with. */
export interface PartnerSite {
  pki: LabPki
  domain: string
  /** Its MX host. */
  mx: string
}

/** How a partner's host behaves. Everything left out is as with a partner in order. */
export interface Behaviour {
  /** Certificate chain and key, as presented; null: no TLS. */
  identity: {chainPem: string; keyPem: string} | null
  /** On top of the identity: versions, ciphers, groups. */
  tls?: SecureContextOptions
  /** Differences of the receiving session. */
  session?: Partial<Pick<ReceiverOptions, 'hideExtensions' | 'insteadOfTls' | 'limits' | 'timeouts'>>
  handlers?: Partial<ReceiverHandlers>
  /** Takes the whole connection instead of a receiving session. */
  serve?(socket: Socket): void
}

/** A partner in a running lab. */
export interface Partner extends Omit<PartnerDeclaration, 'build' | 'alsoFor'> {
  mx: string
  /** Of its MX host. */
  address: string
}

export function mxOf({domain}: Pick<PartnerDeclaration, 'domain'>): string {
  return `mx1.${domain}`
}
