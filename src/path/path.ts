import type {Socket} from 'node:net'
import type {Duplex} from 'node:stream'
import type {Resolver} from '../dns/resolver.ts'
import type {MailDomain} from '../mail/address.ts'
import type {Clock, Dialer, Random} from '../mail/world.ts'
import type {AttemptEvidence, AttemptVerdict, PathEvidence, PathVerdict} from '../policy/evidence.ts'
import type {EffectiveProfile} from '../policy/profile.ts'
import type {ClientSession} from '../smtp/client.ts'
import type {ClientIdentity} from '../smtp/secure-context.ts'
import type {TicketShelf} from './tickets.ts'

/** The world an engine walks in. */
export interface PathWorld extends Clock, Dialer, Random {
  resolver: Resolver
  /** Name for EHLO. */
  helloName: string
  ports: {smtp: number; smtps: number}
  timeouts: PathTimeouts
  /** Shown to hosts that ask for a certificate of ours. Absent or null: they get none. */
  clientIdentity?: (ClientIdentity & {name: string}) | null | undefined
  /** Whether this MX host is the relay whose world it is: by its name, or where it listens. Absent: nothing is. */
  isSelf?: ((host: {name: string; addresses: readonly string[]; port: number}) => boolean) | undefined
}

/** Milliseconds, each for one step (RFC 5321 §4.5.3.2 gives the upper bounds; a probe uses shorter ones). */
export interface PathTimeouts {
  connect: number
  greeting: number
  command: number
  handshake: number
  /** One block of a message on its way out; default 3 minutes. */
  dataBlock?: number
  /** From the final dot to its reply; default 10 minutes. */
  dataEnd?: number
}

/** What a wire tap hands back for the socket it was given. The engine destroys the socket and the stream. */
export interface WireTap {
  /** Carries the handshake in the place of the socket. */
  stream: Duplex
  /** DER of the certificates in the order they were presented, once the handshake is over; null: not seen. */
  presented(): Buffer[] | null
  /** Gets the lines of the `keylog` event, which open the flight of TLS 1.3. */
  keylog?(line: Buffer): void
  /** The TLS version the peer chose in its ServerHello, also where the handshake failed over it: `TLSv1`. */
  serverVersion?(): string | null
}

export interface PathRequest {
  domain: MailDomain
  /** Static next hop instead of MX; `host` may be a name or an IP address. `implicitTls`: TLS from the first byte. */
  route?: {host: string; port?: number | undefined; implicitTls?: boolean | undefined} | null
  /** Skip DNS altogether: this address, judged under this host name (`--connect`). */
  fixed?: {address: string; port: number; host: string} | null
  /** Instead of the world's SMTP port. */
  port?: number | undefined
  /** TLS from the first byte, whatever the route says. */
  implicitTls?: boolean
  /** `all` only: these ports at every address, instead of the one that the rest of the request leads to. */
  ports?: readonly {port: number; implicitTls: boolean}[]
  /**
   * `all` only: waits until it may connect to the address, so that several looks do not crowd in on one host; what it
   * resolves to says that the look is over. Rejects with the signal's reason.
   */
  turn?(address: string, signal: AbortSignal | undefined): Promise<() => void>
  /** The decide step: rules may look at the address that is about to be dialled. */
  profileFor(address: string): EffectiveProfile
  /**
   * `first`: stop at the first address where the profile lets mail pass (the relay).
   * `all`: look at every address, upgrade wherever TLS is offered, QUIT, never fall back (the probe).
   */
  visit: 'first' | 'all'
  /** `first` only: addresses that were tried before and are passed over, so that the next host gets its turn. */
  passOver?: ReadonlySet<string>
  /**
   * `first` only: asked before an address is dialled; what it returns is called once the connection is over, or more
   * than once. What it throws ends the walk.
   */
  admit?(address: string): () => void
  /**
   * `first` only: sessions of earlier handshakes may be resumed, and those of this one kept. The scope is part of what
   * must agree: the revision of the policy and the destination.
   */
  tickets?: {shelf: TicketShelf; scope: string}
  /** TLS failures in a row that were seen at this address before (`fallback-after`). Default 0. */
  failedBefore?(address: string): number
  /** As in AttemptEvidence. */
  requireTls?: boolean | 'unadvertised'
  /** Profiles that are rehearsed: the chain is read under their anchors as well, without another connection. */
  alsoVerify?: readonly EffectiveProfile[]
  /** Taps the wire of each handshake, so that the chain is known as it was presented. */
  wrap?: (socket: Socket, target: {host: string; address: string; port: number}) => WireTap
  /**
   * Ends everything at once. A deadline (its reason is a TimeoutError, as AbortSignal.timeout has it) leaves the
   * evidence gathered so far, with what it cut off marked as unreachable; any other reason is thrown.
   */
  signal?: AbortSignal
}

/** One line of what the engine does, while it does it. */
export type PathEvent =
  | {type: 'located'; evidence: PathEvidence['route']}
  | {type: 'dialling'; host: string; address: string; port: number}
  | {type: 'greeted'; host: string; address: string; banner: string}
  | {type: 'upgraded'; host: string; address: string; version: string; cipher: string}
  | {type: 'attempted'; evidence: AttemptEvidence; verdict: AttemptVerdict}
  | {type: 'falling-back'; host: string; address: string; reason: string}

export type MailPath = {evidence: PathEvidence; verdict: PathVerdict} & (
  | {
      status: 'open'
      /** Ready for MAIL; the caller ends it with `quit()` or `destroy()`. */
      session: ClientSession
      attempt: AttemptEvidence
      attemptVerdict: AttemptVerdict
      profile: EffectiveProfile
    }
  | {status: 'closed'}
)

export type Observe = (event: PathEvent) => void
