import {X509Certificate} from 'node:crypto'
import {groupNumber} from '../tap-names.ts'
import type {HelloAnswer} from './answer.ts'
import type {Capabilities} from './capabilities.ts'
import {GROUPS_WEAK, type HelloOffer, type HelloVersion, VERSIONS} from './client-hello.ts'
import {ask13, enumerate13} from './enumerate-13.ts'
import {type Ask, type Hello, Ledger} from './ledger.ts'
import {RANKS, SUITES_12, type SuiteRank, suiteName, suiteRank} from './suites.ts'

/** What is offered by ALPN. No name is registered for SMTP; a host that insists on one of its own refuses this one. */
const ALPN = 'smtp'

/** Versions first, then what RFC 9325 forbids or advises against, more of TLS 1.3, and the rest while connections are left. */
export async function enumerate(ask: Ask, serverName: string | null): Promise<Capabilities> {
  const ledger = new Ledger(ask, serverName)
  const modern = await versions(ledger)
  const newest = await ask13(ledger)
  await withoutSni(ledger, modern)
  await ciphers12(ledger, 'TLSv1.2', 'forbidden')
  await weakExchange(ledger, modern?.leaf ?? null)
  await ciphers12(ledger, 'TLSv1.2', 'discouraged', 1)
  if (newest) await enumerate13(ledger, newest)
  for (const rank of RANKS) await ciphers12(ledger, 'TLSv1.2', rank)
  for (const version of ['TLSv1', 'TLSv1.1', 'SSLv3'] as const) {
    for (const rank of RANKS) await ciphers12(ledger, version, rank)
  }
  return ledger.result()
}

/** Up to TLS 1.2, which shows its leaf. The answer that does. */
async function versions(ledger: Ledger): Promise<Hello | null> {
  let shown: Hello | null = null
  for (const version of VERSIONS.filter((one) => one !== 'TLSv1.3')) {
    if (ledger.takes(version) !== undefined) continue
    const answer = await (version === 'TLSv1.2' ? newest12(ledger) : ledger.offer(version, SUITES_12, WITH_DEFLATE))
    if (!answer) break
    ledger.noteVersion(version, answer)
    if (answer.kind === 'hello') shown ??= answer
  }
  return shown
}

const WITH_DEFLATE: Partial<HelloOffer> = {compression: true}

/** TLS 1.2 with ALPN, and without it where the peer would not have it so (RFC 7301 §3.2). */
async function newest12(ledger: Ledger): Promise<HelloAnswer | null> {
  const answer = await ledger.offer('TLSv1.2', SUITES_12, {...WITH_DEFLATE, alpn: ALPN})
  if (answer?.kind === 'hello') {
    ledger.tell({alpn: {answer: answer.alpn === null ? 'ignored' : 'chosen', protocol: answer.alpn}})
    return answer
  }
  if (!answer || answer.kind === 'silence' || answer.kind === 'not-tls') return answer
  // A peer of TLS 1.3 alone says so, and ALPN has nothing to do with it.
  if (answer.kind === 'alert' && answer.name === 'protocol_version') return answer
  const again = await ledger.offer('TLSv1.2', SUITES_12, WITH_DEFLATE)
  if (again?.kind === 'hello') ledger.tell({alpn: {answer: 'refused', protocol: null}})
  return again
}

async function withoutSni(ledger: Ledger, modern: Hello | null): Promise<void> {
  const version = VERSIONS.find((one) => one === modern?.version)
  if (ledger.serverName === null || !modern || !version) return
  const answer = await ledger.offer(version, SUITES_12, {serverName: null})
  if (answer?.kind === 'alert') ledger.tell({withoutSni: 'refused'})
  if (answer?.kind !== 'hello' || !answer.leaf || !modern.leaf) return
  // Of two certificates, RSA and EC, the same one is shown for the same cipher.
  if (answer.cipher === modern.cipher) ledger.tell({withoutSni: answer.leaf.equals(modern.leaf) ? 'same' : 'other'})
}

const ECDHE = SUITES_12.filter((suite) => suiteName(suite).startsWith('TLS_ECDHE_'))
const DHE = SUITES_12.filter((suite) => suiteName(suite).startsWith('TLS_DHE_'))

/**
 * Curves that are too small and none else, beside a finite field of the peer's own making, whose size only its answer
 * tells. Most take neither; where one is taken, the other is asked for too. A certificate of a curve is shown to those
 * alone who know the curve (RFC 8422 §5.1): it has to be offered too, and a host that likes it best hides what is weaker.
 */
async function weakExchange(ledger: Ledger, leaf: Buffer | null): Promise<void> {
  const version = VERSIONS.find((one) => one !== 'TLSv1.3' && ledger.takes(one))
  if (!version || version === 'SSLv3') return
  const groups = [...GROUPS_WEAK, ...curveOf(leaf)]
  const look = async (suites: readonly number[]) => {
    const answer = await ledger.offer(version, suites, {groups})
    const isTaken = answer?.kind === 'hello' && answer.version === version && suites.includes(answer.cipher)
    if (isTaken) ledger.note(version, answer)
    return isTaken ? answer.cipher : null
  }
  const chosen = await look([...ECDHE, ...DHE])
  if (chosen !== null) await look(DHE.includes(chosen) ? ECDHE : DHE)
}

/** The group of an elliptic key, if it is one. */
function curveOf(leaf: Buffer | null): number[] {
  try {
    const curve = leaf && new X509Certificate(leaf).publicKey.asymmetricKeyDetails?.namedCurve
    const number = curve ? groupNumber(curve) : null
    return number === null ? [] : [number]
  } catch {
    return []
  }
}

/** By elimination, ciphers of one rank; `most`: no more than so many answers. */
async function ciphers12(
  ledger: Ledger,
  version: HelloVersion,
  rank: SuiteRank,
  most = Number.POSITIVE_INFINITY,
): Promise<void> {
  if (!ledger.takes(version) || ledger.isSettled(version, rank)) return
  let left = SUITES_12.filter((suite) => suiteRank(suiteName(suite)) === rank && !ledger.knows(version).has(suite))
  for (let asked = 0; asked < most; asked++) {
    const answer = await ledger.offer(version, left)
    if (!answer) return
    if (answer.kind !== 'hello' || answer.version !== version || !left.includes(answer.cipher)) {
      ledger.settle(version, rank)
      return
    }
    ledger.note(version, answer)
    left = left.filter((suite) => suite !== answer.cipher)
  }
}
