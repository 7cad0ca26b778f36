import type {PeerCertificate} from 'node:tls'
import type {Reply} from '../mail/reply.ts'
import {describeCertificate} from '../pki/describe.ts'
import {peerChain} from '../pki/peer-chain.ts'
import {verifyUnder} from '../pki/verify.ts'
import type {EffectiveProfile} from '../policy/profile.ts'
import {effectiveSubject, evaluateSubject} from '../policy/subject.ts'
import type {ReceivedTls} from '../smtp/receiver.ts'

export interface Refusal {
  /** What the client reads: generic. */
  reply: Reply
  /** What the log reads. */
  reason: string
}

export interface ReceivedFacts {
  tls: ReceivedTls | null
  /** Id of the anchors that the handshake verified a client certificate under. */
  anchors: string | null
  /** Domain of the reverse-path; null for the null sender. */
  senderDomain: string | null
  now: number
}

/** Whether this session is safe enough for the profile that governs it (docs/outcomes.md, 'Receiving'); null: it is. */
export function judgeReceived(facts: ReceivedFacts, profile: EffectiveProfile): Refusal | null {
  if (profile.level === 'none' || profile.level === 'preferred') return null
  const reason = facts.tls ? weakness(facts.tls, facts, profile) : 'the session is not encrypted'
  if (reason === null) return null
  const permanent = profile.onFailure === 'fail'
  const text = facts.tls ? 'this session is not secure enough' : 'encryption needed, use STARTTLS'
  return {reply: {code: permanent ? 550 : 451, lines: [`${permanent ? 5 : 4}.7.10 ${text}`]}, reason}
}

function weakness(tls: ReceivedTls, facts: ReceivedFacts, profile: EffectiveProfile): string | null {
  const version = Number(/\d\.\d/.exec(tls.version)?.[0] ?? 0)
  if (!(version >= Number(profile.minTls))) return `${tls.version}, and profile ${profile.name} wants ${profile.minTls}`
  if (!(tls.bits >= profile.minStrength)) {
    return `${tls.cipher} has ${tls.bits} bits, and profile ${profile.name} wants ${profile.minStrength}`
  }
  if (profile.level === 'encrypt') return null
  if (tls.client === null) return 'the client presented no certificate'
  if (!tls.client.authorized) return `the client certificate is not trusted: ${tls.client.error ?? 'unknown reason'}`
  return untrusted(tls.client.certificate, facts, profile) ?? misnamed(tls.client.certificate, facts, profile)
}

/**
 * The handshake has the first word. It could not know yet which of several rules would govern the message, so that it may
 * have trusted more anchors than this profile's; then the chain must end at one of these as well.
 */
function untrusted(leaf: PeerCertificate, facts: ReceivedFacts, {anchors, name}: EffectiveProfile): string | null {
  const chain = peerChain(leaf)
  if (anchors.id !== facts.anchors) {
    const {trusted, error} = verifyUnder(chain, anchors, facts.now, 'client')
    if (!trusted) return `the client certificate is not trusted under profile ${name}: ${error ?? 'unknown reason'}`
  }
  if (anchors.issuers === null) return null
  const prints = chain.map((certificate) => certificate.fingerprint256.replaceAll(':', '').toLowerCase())
  if (prints.some((print) => anchors.issuers?.includes(print))) return null
  return `the client certificate does not come from a CA of profile ${name}`
}

// A client has no MX host: that check, which is the default, asks nothing here.
function misnamed(leaf: PeerCertificate, facts: ReceivedFacts, {subject}: EffectiveProfile): string | null {
  const checks = effectiveSubject(subject)
  if (checks.some(({kind}) => kind === 'mx')) return null
  const names = {host: '', domain: facts.senderDomain ?? ''}
  const match = evaluateSubject(checks, describeCertificate(leaf.raw), names)
  if (match.matchedBy.length > 0) return null
  return `the client certificate names ${match.presented.join(', ') || 'nobody'}, not ${match.reference.join(' or ')}`
}
