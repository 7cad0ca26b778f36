import type {LivePath} from '../app/live-path.ts'
import {printable} from '../mail/domain.ts'
import {OUTCOME_SHADE} from './explain-text.ts'
import {findingLines} from './findings.ts'
import {drawTable} from './tables.ts'

/** What was met on the way just now: the fate, a row for each attempt, and its findings. */
export async function livePathText({domain, verdict, attempts}: LivePath): Promise<string> {
  const status = verdict.status ? ` (${verdict.status})` : ''
  const lines = [`right now mail to ${domain} would be ${verdict.fate}${status}: ${printable(verdict.reason, 500)}`]
  if (attempts.length > 0) {
    const rows = attempts.map(({host, address, port, handshake, verdict: {outcome}}) => {
      const tls = handshake?.status === 'completed' ? `${handshake.version}, ${handshake.cipher}` : 'none'
      return [host, `${address}:${port}`, {text: outcome, as: OUTCOME_SHADE[outcome]}, tls]
    })
    lines.push(await drawTable(['host', 'address', 'outcome', 'tls'], rows))
  }
  const findings = [...verdict.findings, ...attempts.flatMap((attempt) => attempt.verdict.findings)]
  return [...lines, ...findingLines(findings, process.stdout)].join('\n')
}
