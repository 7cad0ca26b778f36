import {printable} from '../mail/domain.ts'
import type {AttemptEvidence, HandshakeEvidence} from './evidence.ts'
import {type Problem, peerName, problem} from './problem.ts'
import type {EffectiveProfile} from './profile.ts'

type Completed = Extract<HandshakeEvidence, {status: 'completed'}>

/** Why there is no TLS on this connection, or none that may be relied on; empty where a handshake was made in order. */
export function negotiationProblems(attempt: AttemptEvidence, profile: EffectiveProfile): Problem[] {
  const found = [...injection(attempt), ...missingTls(attempt, profile)]
  if (found.length > 0 || attempt.handshake !== null) return found
  return [untried(attempt)]
}

/** Version and cipher against the profile's minimum. */
export function strengthProblems(attempt: AttemptEvidence, profile: EffectiveProfile): Problem[] {
  const tls = attempt.handshake
  if (tls?.status !== 'completed') return []
  const found: Problem[] = []
  // Written so that a number that is missing from old evidence fails rather than passes.
  if (!(versionNumber(tls) >= Number(profile.minTls))) {
    const message = `${peerName(attempt)} speaks ${tls.version}, profile ${profile.name} wants TLS ${profile.minTls}`
    found.push(problem('tls-version-too-low', message, `ask the partner for TLS ${profile.minTls}, or lower --min-tls`))
  }
  if (!(tls.bits >= profile.minStrength)) {
    const message = `${peerName(attempt)} chose ${tls.cipher} with ${tls.bits} bits, profile ${profile.name} wants ${profile.minStrength}`
    found.push(problem('cipher-too-weak', message, 'ask the partner for stronger ciphers, or lower --min-strength'))
  }
  return found
}

function missingTls(attempt: AttemptEvidence, profile: EffectiveProfile): Problem[] {
  const {starttls, handshake, mode} = attempt
  const peer = peerName(attempt)
  if (attempt.fallback) return [fallback(attempt)]
  if (mode === 'starttls' && starttls.advertised === false) {
    const hint = 'ask the partner to offer STARTTLS; a firewall that edits EHLO answers can be the cause too'
    return [problem('starttls-not-supported', `${peer} does not offer STARTTLS`, hint)]
  }
  if (starttls.accepted === false) {
    const message = `${peer} offered STARTTLS and answered it with "${printable(starttls.reply ?? 'an error')}"`
    return [problem('starttls-refused', message, 'the partner has to repair its TLS settings', failures(attempt))]
  }
  if (handshake?.status === 'failed') return [failedHandshake(attempt, handshake, profile)]
  // RFC 8996: a handshake below TLS 1.2 is none, whoever let it pass.
  if (handshake && versionNumber(handshake) < 1.2) {
    const message = `the TLS handshake with ${peer} failed: it speaks only ${handshake.version}`
    return [problem('validation-failure', message, 'the partner has to enable TLS 1.2 or newer', failures(attempt))]
  }
  return []
}

function failedHandshake(
  attempt: AttemptEvidence,
  handshake: Extract<HandshakeEvidence, {status: 'failed'}>,
  profile: EffectiveProfile,
): Problem {
  const message = `the TLS handshake with ${peerName(attempt)} failed: ${printable(handshake.reason)}`
  const noCommonVersion = /PROTOCOL_VERSION|UNSUPPORTED_PROTOCOL|VERSION_TOO_LOW/.test(handshake.code)
  if (!noCommonVersion) {
    return problem('validation-failure', message, handshakeHint(handshake.code), failures(attempt))
  }
  const hint = `the two sides share no TLS version: the partner has to enable TLS ${profile.minTls}`
  const failed = problem('validation-failure', message, hint, failures(attempt))
  // docs/outcomes.md, note 2: the minimum is offered in the ClientHello, so a peer below it shows as a failed handshake. Under
  // TLS 1.2 it is below the floor, which is a plain handshake failure; above that it is too weak for this profile.
  return profile.minTls === '1.2' ? failed : {...failed, law: {...failed.law, detail: 6}}
}

function handshakeHint(code: string): string {
  if (code === 'timeout') return 'try again, and from another network; the log of the partner says how far it came'
  return 'ask the partner what its log says of this handshake; another network tells whether something on the way breaks it'
}

function injection(attempt: AttemptEvidence): Problem[] {
  if (!attempt.starttls.injected) return []
  const message = `${peerName(attempt)} sent plaintext after the 220 of STARTTLS; it was discarded`
  const hint = 'somebody on the way may be injecting replies (CVE-2011-0411); tell the partner'
  return [problem('plaintext-injected', message, hint, failures(attempt))]
}

// The engine came here because the profile allows clear text after so many failures; only `never` contradicts it.
function fallback(attempt: AttemptEvidence): Problem {
  const message = `TLS with ${peerName(attempt)} failed before, so this connection is in clear text`
  return problem('clear-text-fallback', message, 'use level encrypt or --fallback-after never to forbid this', Infinity)
}

function untried(attempt: AttemptEvidence): Problem {
  const peer = peerName(attempt)
  if (attempt.failedAttempts > 0 || attempt.mode === 'implicit') {
    const message = `the TLS handshake with ${peer} never began: the connection was lost`
    const hint = 'try again; when it lasts, ask the partner what its log says'
    return problem('validation-failure', message, hint, failures(attempt))
  }
  const hint = 'nothing is known of its TLS; a profile at level preferred or higher tries it'
  return problem('tls-not-attempted', `TLS with ${peer} was not tried on this connection`, hint)
}

function failures(attempt: AttemptEvidence): number {
  return Math.max(1, attempt.failedAttempts)
}

function versionNumber(tls: Completed): number {
  return Number(/^TLSv(\d(?:\.\d)?)$/.exec(tls.version)?.[1] ?? 0)
}
