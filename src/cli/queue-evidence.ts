import {printable} from '../mail/domain.ts'

/**
 * What was seen in an attempt, a line for each address: host, address, outcome, TLS, certificate, findings. The queue
 * keeps evidence as JSON for days, also across an upgrade, so that nothing is taken for granted here.
 */
export function evidenceLines(evidence: unknown): string[] {
  const {route, attempts, byHand} = fields(evidence)
  if (byHand === true) return ['returned by hand']
  const {source, status, failure} = fields(route)
  const located = [word(source), word(status), word(failure)].filter((text) => text && text !== 'unknown').join(' ')
  const tried = Array.isArray(attempts) ? attempts.map(attemptLine) : []
  return located === '' ? tried : [`route ${located}`, ...tried]
}

function attemptLine(attempt: unknown): string {
  const {host, address, port, profile, outcome, version, cipher, group, fingerprint, findings, reason} = fields(attempt)
  const tls = [word(version), word(cipher), word(group)].filter(Boolean).join(' ')
  const parts = [
    `${place(word(host), word(address))}:${word(port)}`,
    `${word(outcome)}${word(profile) && ` under ${word(profile)}`}`,
    ...(tls ? [tls] : []),
    ...(word(fingerprint) ? [`certificate ${word(fingerprint)}`] : []),
    ...(Array.isArray(findings) ? findings.map(findingText) : []),
    ...(word(reason) ? [word(reason)] : []),
  ]
  return parts.join('; ')
}

/** A host that is an address literal is its address. */
function place(host: string, address: string): string {
  return host === `[${address}]` ? host : `${host}[${address}]`
}

/** A code, or a code with its message. */
function findingText(finding: unknown): string {
  const {code, message} = fields(finding)
  return code === undefined ? word(finding) : `${word(code)}: ${word(message)}`
}

function fields(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
}

function word(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? printable(String(value), 500) : ''
}
