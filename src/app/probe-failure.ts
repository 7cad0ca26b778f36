import type {AttemptEvidence, Finding} from '../policy/evidence.ts'
import type {AddressResult} from '../report/probe-schema.ts'

type Failure = NonNullable<AddressResult['failure']>

/**
 * Where a look at one address came to grief: the stage, the reply in its own words, the code of the finding that says
 * it best and what to do. Null where nothing is an error and SMTP was reached.
 */
export function failureOf(attempt: AttemptEvidence, findings: readonly Finding[]): Failure | null {
  const unreached = attempt.reach.status === 'unreachable'
  const errors = findings.filter(({severity}) => severity === 'error')
  const [worst] = unreached ? findings.filter(({code}) => code !== 'host-unreachable').concat(findings) : errors
  if (!worst) return null
  return {
    stage: stageOf(attempt, worst.code),
    reply: replyOf(attempt),
    code: worst.code,
    fix: worst.hint,
    reproduce: reproduce(attempt),
  }
}

function stageOf({reach, starttls, handshake, mode, timings}: AttemptEvidence, code: string): Failure['stage'] {
  if (reach.status === 'unreachable') return timings.handshake === undefined ? reach.stage : 'handshake'
  if (handshake?.status === 'completed') return code.startsWith('certificate-') ? 'certificate' : 'handshake'
  if (timings.ehloAfterTls !== undefined) return 'ehlo-after-tls'
  if (handshake || mode === 'implicit') return 'handshake'
  return starttls.advertised ? 'starttls' : 'ehlo'
}

/** The same look by hand. SNI is sent as we send it: not for address literals (RFC 6066 §3). */
function reproduce({host, address, port, mode}: AttemptEvidence): string {
  const at = address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`
  const sni = host.startsWith('[') ? '-noservername' : `-servername ${host}`
  const smtp = mode === 'starttls' ? '-starttls smtp ' : ''
  return `openssl s_client ${smtp}-connect ${at} ${sni} -showcerts`
}

function replyOf({reach, starttls}: AttemptEvidence): string | null {
  return reach.status === 'unreachable' ? reach.reply : starttls.reply
}
