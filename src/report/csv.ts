import {printable} from '../mail/domain.ts'
import type {AddressResult, HostResult, ProbeDocument, ProbeResult} from './probe-schema.ts'

type Cell = string | number | boolean | null

/** What a row is made of. A target without a host, and a host without an address, have a row too: nothing is lost. */
interface Row {
  result: ProbeResult
  host: HostResult | null
  address: AddressResult | null
}

/** The header is stable: columns may be added at its end, none may move. */
const COLUMNS: Record<string, (row: Row) => Cell | undefined> = {
  target: ({result}) => result.target,
  verdict: ({result}) => result.verdict,
  exit: ({result}) => result.exit,
  summary: ({result}) => result.summary,
  profile: ({result, address}) => (address?.policy ?? result).profile.name,
  level: ({result, address}) => (address?.policy ?? result).profile.level,
  rule: ({result, address}) => (address?.policy ?? result).profile.rule,
  host: ({host}) => host?.name,
  preference: ({host}) => host?.preference,
  address: ({address}) => address?.address,
  port: ({address}) => address?.port,
  mode: ({address}) => address?.mode,
  outcome: ({address}) => address?.policy.outcome,
  status: ({result, address}) => (address ? address.policy.status : result.status),
  none: ({address}) => address?.outcome.none,
  preferred: ({address}) => address?.outcome.preferred,
  encrypt: ({address}) => address?.outcome.encrypt,
  secure: ({address}) => address?.outcome.secure,
  starttls: ({address}) => address?.starttls.advertised,
  tls_version: ({address}) => address?.tls?.version,
  tls_cipher: ({address}) => address?.tls?.cipher,
  tls_bits: ({address}) => address?.tls?.bits,
  tls_group: ({address}) => address?.tls?.group,
  chain_trusted: ({address}) => address?.chain?.trusted,
  chain_error: ({address}) => address?.chain?.error,
  anchor: ({address}) => address?.chain?.anchor,
  name_matched: ({address}) => address?.subject?.matched,
  names_presented: ({address}) => address?.subject?.presented.join(' '),
  leaf_subject: ({address}) => leafOf(address)?.subject,
  leaf_issuer: ({address}) => leafOf(address)?.issuer,
  leaf_not_before: ({address}) => leafOf(address)?.notBefore,
  leaf_not_after: ({address}) => leafOf(address)?.notAfter,
  leaf_sha256: ({address}) => leafOf(address)?.sha256,
  missing_issuers: ({address}) => address?.chain?.missing.map(({issuer}) => issuer).join('; '),
  findings: ({result, address}) => (address ?? result).findings.map(({code}) => code).join(' '),
  failure_stage: ({address}) => address?.failure?.stage,
  fix: ({address}) => address?.failure?.fix,
  elapsed_ms: ({result}) => result.elapsed,
}

/** RFC 4180: a header, then one row for each address, CRLF after each. */
export function probeCsv({results}: ProbeDocument): string {
  const rows = results.flatMap(rowsOf).map((row) => Object.values(COLUMNS).map((of) => of(row) ?? null))
  return [Object.keys(COLUMNS), ...rows].map((cells) => `${cells.map(field).join(',')}\r\n`).join('')
}

function rowsOf(result: ProbeResult): Row[] {
  if (result.hosts.length === 0) return [{result, host: null, address: null}]
  return result.hosts.flatMap((host): Row[] => {
    if (host.addresses.length === 0) return [{result, host, address: null}]
    return host.addresses.map((address) => ({result, host, address}))
  })
}

function leafOf(address: AddressResult | null) {
  return address?.chain?.presented[0]
}

function field(cell: Cell): string {
  if (cell === null) return ''
  if (typeof cell !== 'string') return String(cell)
  const text = inert(printable(cell, 2000).toWellFormed())
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

/**
 * A spreadsheet takes a cell that begins with one of these for a formula, and peers choose what stands in theirs (OWASP,
 * "CSV Injection"). An apostrophe in front makes it text.
 */
function inert(text: string): string {
  return /^\s*[=+\-@|%＝＋－＠]/.test(text) ? `'${text}` : text
}
