import * as v from 'valibot'
import type {Finding} from '../policy/evidence.ts'
import {type FindingCode, finding} from '../policy/findings.ts'
import {LEVELS, type Level} from '../policy/profile.ts'
import type {AddressResult, ProbeResult} from './probe-schema.ts'

const outcome = v.picklist(['clear', 'tls', 'verified', 'refused', 'unreachable'])
const text = v.nullable(v.string())

const snapshot = v.object({
  levels: v.object({none: outcome, preferred: outcome, encrypt: outcome, secure: outcome}),
  /** What was presented, address by address. */
  seen: v.array(
    v.object({
      host: v.string(),
      address: v.string(),
      port: v.number(),
      issuer: v.string(),
      anchor: text,
      /** SHA-256 of the public key, lower-case hex. */
      key: text,
      names: v.array(v.string()),
      /** ISO 8601, of the certificate. */
      expires: v.string(),
    }),
  ),
})

/** What is remembered of each target, to be compared with later. */
export const BASELINE_SCHEMA = v.object({
  schema: v.literal('postern.baseline/1'),
  savedAt: v.string(),
  targets: v.record(v.string(), snapshot),
})

export type BaselineDocument = v.InferOutput<typeof BASELINE_SCHEMA>
export type Snapshot = v.InferOutput<typeof snapshot>
type Seen = Snapshot['seen'][number]

/** A target as it is now; null where it could not be judged, which is nothing to compare with. */
export function snapshotOf({verdict, exit, levels, hosts}: ProbeResult): Snapshot | null {
  if (verdict === 'undetermined' && exit !== 68) return null
  const seen = hosts.flatMap(({name, addresses}) => addresses.flatMap((address) => seenAt(name, address)))
  return {levels, seen}
}

function seenAt(host: string, {address, port, chain}: AddressResult): Seen[] {
  const leaf = chain?.presented[0]
  if (!chain || !leaf) return []
  return [
    {
      ...{host, address, port, issuer: leaf.issuer, anchor: chain.anchor},
      key: leaf.publicKey ?? null,
      names: [...leaf.dnsNames].sort(),
      expires: leaf.notAfter,
    },
  ]
}

/** What changed, as findings: an error where it is for the worse. */
export function changes(target: string, before: Snapshot, now: Snapshot): Finding[] {
  const levels = LEVELS.flatMap((level) => levelChange(target, level, before.levels[level], now.levels[level]))
  const certificates = now.seen.flatMap((seen) => {
    const earlier = counterpart(before.seen, seen)
    return earlier ? certificateChanges(earlier, seen) : []
  })
  return [...levels, ...certificates]
}

/** The same address, else another of the same host, for addresses come and go. */
function counterpart(before: readonly Seen[], {host, address, port, key}: Seen): Seen | undefined {
  const own = before.filter((seen) => seen.host === host && seen.port === port)
  return own.find((seen) => seen.address === address) ?? own.find((seen) => seen.key === key) ?? own[0]
}

const RANK = {unreachable: 0, refused: 0, clear: 1, tls: 2, verified: 3}

function levelChange(target: string, level: Level, before: keyof typeof RANK, now: keyof typeof RANK): Finding[] {
  if (RANK[before] === RANK[now]) return []
  const worse = RANK[now] < RANK[before]
  const message = `${target} at level ${level}: ${before} before, ${now} now`
  return [worse ? bad('level-lost', message) : good('level-gained', message)]
}

function certificateChanges(before: Seen, now: Seen): Finding[] {
  const where = `${now.host} (${now.address})`
  const found: Finding[] = []
  if (before.issuer !== now.issuer) {
    const message = `the certificate of ${where} comes from ${now.issuer}; before from ${before.issuer}`
    // CAs rotate their intermediates; another root, or none, is another matter.
    const sameRoot = before.anchor !== null && before.anchor === now.anchor
    found.push(sameRoot ? good('new-issuer', message) : bad('new-issuer', message))
  }
  if (before.key !== null && now.key !== null && before.key !== now.key) {
    found.push(good('new-key', `${where} has another key than before`))
  }
  const lost = before.names.filter((name) => !now.names.includes(name))
  const gained = now.names.filter((name) => !before.names.includes(name))
  if (lost.length > 0 || gained.length > 0) {
    const message = `the names in the certificate of ${where} changed: ${before.names.join(', ')} before, ${now.names.join(', ')} now`
    found.push(lost.length > 0 ? bad('changed-name', message) : good('changed-name', message))
  }
  if (Date.parse(now.expires) < Date.parse(before.expires)) {
    const message = `the certificate of ${where} ends on ${now.expires.slice(0, 10)}, before ${before.expires.slice(0, 10)}`
    found.push(bad('earlier-expiry', message))
  }
  return found
}

const ASK = 'ask the partner whether that was meant so; then take it over: the same command with --accept'

function bad(code: FindingCode, message: string): Finding {
  return {...finding(code, message, ASK), severity: 'error'}
}

function good(code: FindingCode, message: string): Finding {
  return {...finding(code, message, 'the baseline takes it over by itself'), severity: 'info'}
}

/** The result with what changed: a change for the worse is a no, whatever else it is. */
export function withChanges(result: ProbeResult, changed: readonly Finding[]): ProbeResult {
  const findings = [...changed, ...result.findings]
  const worse = changed.filter(({severity}) => severity === 'error')
  if (worse.length === 0) return {...result, findings}
  const summary = `worse than the baseline (${[...new Set(worse.map(({code}) => code))].join(', ')}); ${result.summary}`
  return {...result, findings, summary, verdict: 'fail', exit: 1}
}
