import type {AttemptEvidence, PathEvidence} from '../policy/evidence.ts'
import {isWeakGroup} from '../policy/remarks/enumeration.ts'
import {NOTHING_NEW, type SecondLook} from '../policy/remarks/second-look.ts'
import type {HelloAnswer} from '../smtp/hello/answer.ts'
import {GROUPS_12, type HelloOffer} from '../smtp/hello/client-hello.ts'
import {SUITES_12, SUITES_SHARED_KEY, suiteName} from '../smtp/hello/suites.ts'
import type {HandshakeFacts} from '../smtp/tap-facts.ts'
import type {Deadline} from './probe-deadline.ts'
import type {Prober} from './probe-domain.ts'
import {sayHello, Unwelcome} from './probe-hello.ts'
import type {ProbeTaps} from './probe-taps.ts'

/** What was seen by hand at an address where the handshake had failed. */
export interface LookedTwice {
  look: SecondLook
  /** Connections that it cost. */
  connections: number
}

/** A farm in trouble is in the same trouble everywhere. */
const MOST_LOOKED_AT = 8

/** By `address port`. Only where a handshake failed for a reason that the peer did not give. */
export async function lookTwice(
  prober: Pick<Prober, 'path' | 'turns'>,
  {attempts}: PathEvidence,
  taps: ProbeTaps,
  deadline: Deadline,
): Promise<Map<string, LookedTwice>> {
  const found = new Map<string, LookedTwice>()
  const failed = attempts.filter((attempt) => hasFailed(attempt, taps.facts(attempt)))
  for (const attempt of failed.slice(0, MOST_LOOKED_AT)) {
    if (deadline.signal.aborted) break
    found.set(`${attempt.address} ${attempt.port}`, await again(prober, attempt, taps.facts(attempt), deadline))
  }
  return found
}

/** Not where the peer said enough already: it answered with a ServerHello, or with what is not TLS. */
function hasFailed({handshake, reach}: AttemptEvidence, wire: HandshakeFacts | null): boolean {
  const isMute = handshake?.status === 'failed' && handshake.code === 'timeout'
  const failed = handshake?.status === 'failed' && reach.status === 'reached' && !isMute
  // With a ServerHello of a version that is in order, what both sides speak was agreed on: it broke over something else.
  const agreed = wire?.version != null && !isOld(wire.version)
  return failed && !agreed && !wire?.nonTls
}

async function again(
  prober: Pick<Prober, 'path' | 'turns'>,
  attempt: AttemptEvidence,
  wire: HandshakeFacts | null,
  deadline: Deadline,
): Promise<LookedTwice> {
  // The peer answered with its own version already, and our side broke off.
  if (wire?.version && isOld(wire.version)) return {look: {...NOTHING_NEW, newest: wire.version}, connections: 0}
  let connections = 0
  const ask = async (change: Partial<HelloOffer>): Promise<HelloAnswer> => {
    connections += 1
    const leave = await deadline.during(prober.turns.take(attempt.address, deadline.signal))
    try {
      const ciphers = [...SUITES_12, ...SUITES_SHARED_KEY]
      const offer = {version: 'TLSv1.2', ciphers, groups: GROUPS_12, serverName: null, ...change} as const
      return await sayHello(prober.path, attempt, offer, deadline.signal)
    } finally {
      leave()
    }
  }
  try {
    return {look: await asked(ask, attempt), connections}
  } catch (error) {
    if (!(error instanceof Unwelcome) && !deadline.signal.aborted) throw error
    return {look: NOTHING_NEW, connections}
  }
}

/** Everything that there is, without SNI; then one question more, by what came of it. */
async function asked(
  ask: (change: Partial<HelloOffer>) => Promise<HelloAnswer>,
  {host}: AttemptEvidence,
): Promise<SecondLook> {
  const first = await ask({})
  if (first.kind === 'hello' && isOld(first.version)) return {...NOTHING_NEW, newest: first.version}
  if (first.kind === 'hello') return host.startsWith('[') ? likes(first) : named(await ask({serverName: host}), first)
  if (first.kind === 'silence' || first.kind === 'not-tls') return NOTHING_NEW
  // Some old ones break off when they are offered more than they know (RFC 8446 appendix D.1 calls it intolerance).
  const second = await ask({version: 'TLSv1'})
  return second.kind === 'hello' && isOld(second.version) ? {...NOTHING_NEW, newest: second.version} : NOTHING_NEW
}

type Hello = Extract<HelloAnswer, {kind: 'hello'}>

function named(answer: HelloAnswer, unnamed: Hello): SecondLook {
  if (answer.kind === 'hello') return likes(answer)
  const isRefusal = answer.kind === 'alert' || answer.kind === 'closed'
  return isRefusal ? {...NOTHING_NEW, sniRefused: true} : likes(unnamed)
}

function likes({cipher, group}: Hello): SecondLook {
  if (group !== null && isWeakGroup(group)) return {...NOTHING_NEW, group}
  const name = suiteName(cipher)
  return OFFERED.test(name) ? NOTHING_NEW : {...NOTHING_NEW, cipher: name}
}

/** What our ClientHello has beside TLS 1.3 (`cipherList`). */
const OFFERED = /^TLS_(ECDHE_|DHE_|)(ECDSA|RSA)_WITH_(AES|CHACHA20)/

function isOld(version: string): boolean {
  return version === 'SSLv3' || version === 'TLSv1' || version === 'TLSv1.1'
}
