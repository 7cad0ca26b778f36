import {X509Certificate} from 'node:crypto'
import type {Socket} from 'node:net'
import type {Verification} from '../pki/certificate.ts'
import {describeCertificate} from '../pki/describe.ts'
import {explainChain} from '../pki/explain.ts'
import {readOcsp} from '../pki/ocsp.ts'
import {verifyUnder} from '../pki/verify.ts'
import type {HandshakeEvidence} from '../policy/evidence.ts'
import type {EffectiveProfile} from '../policy/profile.ts'
import {codeOf} from '../smtp/error.ts'
import {type Upgraded, upgrade} from '../smtp/upgrade.ts'
import type {PathRequest, PathWorld, WireTap} from './path.ts'
import type {Resumption} from './resumption.ts'
import type {FullHandshake, Ticket} from './tickets.ts'

type Completed = Extract<HandshakeEvidence, {status: 'completed'}>
type Failed = Extract<HandshakeEvidence, {status: 'failed'}>

/** What one handshake came to: the stream inside it, or why there is none. The caller destroys the socket. */
export type Handshake =
  | {stream: Upgraded['stream']; evidence: Completed; full: FullHandshake}
  | {stream: null; evidence: Failed}

/** Starts TLS on the socket with what the profile asks for, and writes down what was presented and negotiated. */
export async function handshake(
  world: PathWorld,
  request: PathRequest,
  socket: Socket,
  target: {host: string; address: string; port: number; profile: EffectiveProfile},
  resumption: Resumption | null = null,
): Promise<Handshake> {
  const tap = request.wrap?.(socket, target)
  // RFC 6066 §3: addresses have no place in SNI.
  const serverName = target.host.startsWith('[') ? null : target.host
  try {
    const upgraded = await upgrade(tap?.stream ?? socket, {
      ...target.profile,
      identity: world.clientIdentity,
      serverName,
      limit: {ms: world.timeouts.handshake, signal: request.signal},
      keylog: tap?.keylog?.bind(tap),
      session: resumption?.offer(),
      onSession: resumption?.onSession,
    })
    const full = fullHandshake(world, upgraded, resumption?.ticket ?? null)
    const evidence = completed(world, request, target.profile, upgraded, full, serverName, tap)
    return {stream: upgraded.stream, evidence, full}
  } catch (error) {
    tap?.stream.destroy()
    return {stream: null, evidence: failed(error, tap?.serverVersion?.() ?? null)}
  }
}

/** What this handshake showed, or the one whose session it resumed. Throws where the two do not agree. */
function fullHandshake(world: PathWorld, upgraded: Upgraded, ticket: Ticket | null): FullHandshake {
  const {stream, resumed, chain, trusted, error, ocsp, group} = upgraded
  if (!resumed) return {chain, trusted, error, ocsp, group, madeAt: world.now()}
  if (ticket && ticket.full.trusted === trusted) return ticket.full
  stream.destroy()
  throw Object.assign(new Error('the session that was resumed is not the one that was verified'), {
    code: 'session-mismatch',
  })
}

function completed(
  world: PathWorld,
  request: PathRequest,
  profile: EffectiveProfile,
  upgraded: Upgraded,
  full: FullHandshake,
  serverName: string | null,
  tap: WireTap | undefined,
): Completed {
  const {version, cipher, bits, resumed} = upgraded
  const {trusted, error, chain, ocsp} = full
  const presented = fromWire(tap) ?? chain
  const verification: Record<string, Verification> = {}
  for (const {anchors} of request.alsoVerify ?? [])
    verification[anchors.id] = verifyUnder(presented, anchors, world.now())
  verification[profile.anchors.id] = {trusted, error, by: 'handshake'}
  return {
    status: 'completed',
    version,
    cipher,
    bits,
    // RFC 5246 §7.3: a resumed TLS 1.2 session has no key exchange of its own.
    group: resumed && version === 'TLSv1.2' ? full.group : upgraded.group,
    ...(resumed && {resumed}),
    serverName,
    verification,
    presented: presented.map(describeCertificate),
    built: chain.map(describeCertificate),
    explanation: explainChain(presented, profile.anchors, {trusted, error}, world.now()),
    // OpenSSL's chain knows the issuer also where the peer did not send it.
    ...(ocsp && chain[0] && {ocsp: readOcsp(ocsp, chain[0], chain[1] ?? null, world.now())}),
  }
}

function fromWire(tap: WireTap | undefined): X509Certificate[] | null {
  const presented = tap?.presented()
  return presented ? presented.map((der) => new X509Certificate(der)) : null
}

/** Why TLS failed, as evidence. */
export function failed(error: unknown, serverVersion: string | null = null): Failed {
  const code = codeOf(error) ?? 'unknown'
  const old = serverVersion && /^(SSLv|TLSv1(\.[01])?$)/.test(serverVersion) ? serverVersion : null
  if (old) return {status: 'failed', reason: `the peer speaks only ${old}; the floor is TLS 1.2 (RFC 8996)`, code}
  return {status: 'failed', reason: sentence(error, code), code}
}

function sentence(error: unknown, code: string): string {
  const alert = /ALERT_(.+)$/.exec(code)?.[1]
  if (alert) return `the peer answered with the TLS alert "${alert.toLowerCase().replaceAll('_', ' ')}"`
  if (code.endsWith('WRONG_VERSION_NUMBER')) return 'the peer sent something that is not TLS'
  if (code === 'timeout') return 'the peer did not finish the TLS handshake in time'
  if (code === 'ECONNRESET' || code === 'EPIPE') return 'the peer closed the connection during the TLS handshake'
  const reason = typeof error === 'object' && error !== null && 'reason' in error ? error.reason : null
  if (typeof reason === 'string') return reason
  return error instanceof Error ? error.message : String(error)
}
