import {Domain, printable} from '../mail/domain.ts'
import type {Verification} from '../pki/certificate.ts'
import type {AttemptEvidence, HandshakeEvidence} from './evidence.ts'
import {type Problem, peerName, problem} from './problem.ts'
import type {EffectiveProfile, SubjectCheck} from './profile.ts'
import {evaluateSubject} from './subject.ts'

type Completed = Extract<HandshakeEvidence, {status: 'completed'}>

/** Trust, validity and revocation of the chain: the handshake's own word under the profile's anchors, put into findings. */
export function chainProblems(attempt: AttemptEvidence, profile: EffectiveProfile): Problem[] {
  const tls = attempt.handshake
  if (tls?.status !== 'completed') return []
  const verification = tls.verification[profile.anchors.id]
  if (!verification) return [unverified(attempt)]
  const revoked = revocation(attempt, tls, verification)
  if (verification.trusted && tls.presented.length > 0) return revoked
  return [...validity(attempt, tls, verification), ...revoked, ...trust(attempt, tls, verification)]
}

/** The profile's `ca` beside the system's: one of them must be in the chain as built. */
export function issuerProblems(attempt: AttemptEvidence, profile: EffectiveProfile): Problem[] {
  const tls = attempt.handshake
  const {id, issuers} = profile.anchors
  // An untrusted chain ends nowhere, so that asking whom it passes through would only repeat that.
  if (issuers === null || tls?.status !== 'completed' || !tls.verification[id]?.trusted) return []
  if (tls.built.some((certificate) => issuers.includes(certificate.sha256))) return []
  const wanted = profile.ca.join(', ') || 'the CAs of the profile'
  const issuer = printable(tls.built.at(-1)?.subject ?? tls.presented.at(-1)?.issuer ?? 'another CA')
  const message = `the certificate of ${peerName(attempt)} comes from ${issuer}, profile ${profile.name} wants ${wanted}`
  return [
    problem(
      'certificate-issuer-mismatch',
      message,
      'import that CA and name it with --ca, or ask the partner who issued it',
    ),
  ]
}

/** Do the presented identifiers meet one of the checks? */
export function subjectProblems(attempt: AttemptEvidence, domain: string, checks: readonly SubjectCheck[]): Problem[] {
  const tls = attempt.handshake
  if (tls?.status !== 'completed') return []
  const match = evaluateSubject(checks, tls.presented[0] ?? null, {host: attempt.host, domain})
  if (match.matchedBy.length > 0) return []
  const presented = match.presented.length > 0 ? printable(match.presented.join(', ')) : 'nobody'
  const message = `the certificate of ${peerName(attempt)} names ${presented}, not ${match.reference.join(' or ')}`
  return [problem('certificate-host-mismatch', message, subjectHint(match.presented))]
}

function subjectHint(presented: readonly string[]): string {
  // What is no host name, such as one with a NUL inside, is nobody's to be allowed.
  const name = presented.find((text) => Domain.tryParse(text) !== null)
  const repair = 'the partner needs a certificate that names its MX host'
  return name ? `${repair}; if ${printable(name)} is theirs, allow it with --subject exact:${printable(name)}` : repair
}

function unverified(attempt: AttemptEvidence): Problem {
  const message = `the chain of ${peerName(attempt)} was not verified against these anchors`
  return problem(
    'certificate-not-trusted',
    message,
    'look again under this profile: postern probe DOMAIN --profile NAME',
  )
}

const TIME_ERRORS = ['CERT_HAS_EXPIRED', 'CERT_NOT_YET_VALID']

// OpenSSL names one error of a chain. The dates of the leaf are in the evidence, so an expired leaf of an unknown issuer
// is told as both.
function validity(attempt: AttemptEvidence, tls: Completed, verification: Verification): Problem[] {
  const leaf = tls.presented[0]
  const now = Date.parse(attempt.startedAt)
  const peer = peerName(attempt)
  const hint = 'the partner has to renew it; check the clock of this machine too'
  if (leaf && Date.parse(leaf.notAfter) < now) {
    return [problem('certificate-expired', `the certificate of ${peer} expired on ${day(leaf.notAfter)}`, hint)]
  }
  if (leaf && Date.parse(leaf.notBefore) > now) {
    return [
      problem('certificate-expired', `the certificate of ${peer} is not valid before ${day(leaf.notBefore)}`, hint),
    ]
  }
  if (!TIME_ERRORS.includes(verification.error ?? '')) return []
  const state = verification.error === 'CERT_HAS_EXPIRED' ? 'has expired' : 'is not valid yet'
  return [problem('certificate-expired', `a certificate in the chain of ${peer} ${state}`, hint)]
}

// RFC 6960 §2.2: "revoked" is final, whatever the date of the answer; only its issuer can say so.
function revocation(attempt: AttemptEvidence, {ocsp}: Completed, verification: Verification): Problem[] {
  const isStapled = ocsp?.status === 'revoked' && ocsp.signed
  if (verification.error !== 'CERT_REVOKED' && !isStapled) return []
  const by = isStapled ? ` since ${ocsp.revokedAt?.slice(0, 10)}, by the OCSP answer that it brings along` : ''
  const message = `the certificate of ${peerName(attempt)} is revoked${by}`
  return [problem('certificate-revoked', message, 'do not trust it; the partner has to replace certificate and key')]
}

/** Everything that is neither a date nor a revocation; beside those, only what the explanation of the chain adds. */
function trust(attempt: AttemptEvidence, tls: Completed, verification: Verification): Problem[] {
  const {explanation} = tls
  const otherwiseNamed = [...TIME_ERRORS, 'CERT_REVOKED'].includes(verification.error ?? '')
  if (otherwiseNamed && explanation.missing.length === 0 && explanation.anchor !== null) return []
  const why = tls.presented.length === 0 ? 'it presented no certificate' : printable(explanation.summary, 400)
  const code = verification.error ? ` [${printable(verification.error)}]` : ''
  const message = `the certificate chain of ${peerName(attempt)} is not trusted: ${why}${code}`
  return [problem('certificate-not-trusted', message, trustHint(tls))]
}

function trustHint(tls: Completed): string {
  const missing = tls.explanation.missing[0]
  const name = missing && printable(missing.issuer)
  if (missing?.fault === 'peer')
    return `the partner has to send the intermediate ${name}; until then, import it: postern ca import FILE`
  if (missing) return `if you trust ${name}, import its certificate: postern ca import FILE`
  return 'importing a CA does not help: the partner needs another certificate'
}

/** `2026-11-27 at 08:26 UTC`. */
function day(date: string): string {
  return date.replace(/^(\d{4}-\d\d-\d\d)T(\d\d:\d\d).*$/, '$1 at $2 UTC')
}
