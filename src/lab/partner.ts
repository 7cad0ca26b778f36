import type {Socket} from 'node:net'
import type {SecureContextOptions} from 'node:tls'
import type {Outcome} from '../policy/evidence.ts'
import type {Level} from '../policy/profile.ts'
import type {ReceiverHandlers, ReceiverOptions} from '../smtp/receiver.ts'
import type {LabPki} from './pki.ts'
import type {Script} from './script.ts'
import type {ZoneEntry} from './zone.ts'

/** What the partners of a group have trouble with. `story` is the default set, in which the example.mil story is told. */
export const GROUPS = {
  story: 'the partners of the demo',
  chain: 'chains that do not lead to the anchor, or on odd ways',
  names: 'names in certificates (RFC 9525)',
  validity: 'certificates whose time is over, or has not come',
  keys: 'keys, signatures and purposes',
  revocation: 'what is stapled to a certificate, or inside it: OCSP and SCTs',
  tls: 'versions, ciphers, groups, and handshakes that come to grief',
  smtp: 'ways to speak SMTP before TLS, and inside it',
  transaction: 'trouble that begins with MAIL, of which a probe, which sends none, sees nothing',
  dns: 'what DNS says, or does not say, of a domain',
  route: 'ways to the hosts, and fleets whose hosts are not alike',
} as const
export type Group = keyof typeof GROUPS

export type Levels = Record<Level, Outcome>

/** One line of the catalogue: a partner, what is wrong with it, and what must come of it. */
export interface PartnerDeclaration {
  name: string
  domain: string
  group: Group
  /** What is wrong, for people; `nothing` for a partner in order. */
  trouble: string
  /** The worst outcome over all addresses at each level, with the lab's root and intermediate as the only anchors. */
  levels: Levels
  /** What a delivery gets: the first path that works. Absent: the same. */
  delivery?: Levels
  /** Codes of the findings of severity error at level `secure`, each once, sorted. */
  findings: string[]
  /** Codes of the other findings of a probe at level `secure`, each once, sorted. */
  remarks: string[]
  /** Codes of what a probe with --full has to say besides, each once, sorted. Absent: it is not looked at so closely. */
  full?: string[]
  /** What becomes of mail at every level, where the path is open and the transaction fails. */
  transaction?: 'deferred' | 'bounced'
  /** Other domains whose mail goes to this partner's host. */
  alsoFor?: string[]
  /** Its MX host; default `mx1.` before the domain. */
  mx?: string
  /**
   * It needs IPv6, and is left out where there is none. `loopback`: it lives at the one address that IPv6 has for that, and
   * is left out too where it is taken. `mapped`: some of its addresses are those of IPv4 inside IPv6 (RFC 4291 §2.5.5.2).
   */
  ipv6?: 'loopback' | 'mapped'
  /** It is to be looked at where TLS begins at once, as with --smtps, and reached there by a route. */
  implicitTls?: true
  /** What DNS says of it; default an MX record and an address. */
  records?(site: ZoneSite): ZoneEntry[]
  build(site: PartnerSite): Promise<Behaviour>
  /** Hosts at further addresses. */
  others?: ((site: PartnerSite) => Promise<Behaviour>)[]
}

export interface ZoneSite {
  domain: string
  mx: string
  /** Of its hosts, the first one first. */
  addresses: string[]
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
  session?: Partial<
    Pick<
      ReceiverOptions,
      'contextFor' | 'hideExtensions' | 'insteadOfTls' | 'limits' | 'requestClientCertificate' | 'timeouts'
    >
  >
  handlers?: Partial<ReceiverHandlers>
  /** What it says where the words of a receiving session are too good for it. */
  script?: Script
  /** Takes the whole connection instead of a session. */
  serve?(socket: Socket): void
  /** Nobody listens. */
  closed?: true
}

type Told = 'name' | 'domain' | 'group' | 'trouble' | 'levels' | 'findings' | 'remarks'

/** What there is to say of a partner, without what it is made of. */
export interface PartnerFacts extends Pick<PartnerDeclaration, Told> {
  mx: string
  /** null: it takes the message, where the path is open. */
  transaction: 'deferred' | 'bounced' | null
  /** null: not declared. */
  full: string[] | null
  /** null: as `levels`. */
  delivery: Levels | null
}

export function factsOf(declaration: PartnerDeclaration): PartnerFacts {
  const {name, domain, group, trouble, levels, findings, remarks} = declaration
  const {delivery = null, transaction = null, full = null} = declaration
  return {name, domain, mx: mxOf(declaration), group, trouble, levels, delivery, findings, remarks, full, transaction}
}

/** A partner in a running lab. */
export interface Partner extends PartnerFacts {
  /** Of its first host. */
  address: string
}

export function mxOf({domain, mx}: Pick<PartnerDeclaration, 'domain' | 'mx'>): string {
  return mx ?? `mx1.${domain}`
}
