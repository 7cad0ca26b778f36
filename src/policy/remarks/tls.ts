import {printable} from '../../mail/domain.ts'
import type {OcspAnswer} from '../../pki/ocsp.ts'
import type {AttemptEvidence, Finding} from '../evidence.ts'
import {finding} from '../findings.ts'
import {peerName} from '../problem.ts'
import {isWeakGroup} from './enumeration.ts'

/** What the wire told beside the engine's evidence. */
export interface WireFacts {
  /** A client certificate was asked for; the names of the CAs it may come from, none: any. */
  certificateRequest: {authorities: string[]} | null
  /** Numbers of the alerts that the peer sent. */
  peerAlerts: readonly number[]
  /** Name of the identity that a peer is shown that asks for a certificate; null: it gets none. */
  clientIdentity: string | null
  /** Of the key exchange that was begun. */
  group: string | null
}

/** What there is to say of a handshake, finished or failed. */
export function tlsRemarks(attempt: AttemptEvidence, facts: WireFacts): Finding[] {
  const {handshake} = attempt
  const completed = handshake?.status === 'completed'
  return [
    ...(completed && handshake.ocsp ? ocspRemarks(attempt, handshake.ocsp) : []),
    ...clientCertificate(attempt, facts, completed),
    ...(completed ? [] : weakGroup(attempt, facts)),
  ]
}

function ocspRemarks(attempt: AttemptEvidence, {status, stale, signed, nextUpdate}: OcspAnswer): Finding[] {
  const peer = peerName(attempt)
  const hint = 'the partner should see why its server does not fetch a fresh answer from the CA'
  const why = whyUnusable(status, signed)
  if (why !== null) return [finding('ocsp-unusable', `the OCSP response that ${peer} staples ${why}`, hint)]
  if (!stale) return []
  const until = nextUpdate === null ? '' : ` whose time was over on ${nextUpdate.slice(0, 10)}`
  return [finding('ocsp-stale', `${peer} staples an OCSP response${until || ' from the future'}`, hint)]
}

function whyUnusable(status: OcspAnswer['status'], signed: boolean): string | null {
  if (status === 'unreadable') return 'cannot be read'
  if (status === 'other') return 'speaks of another certificate'
  if (!signed) return `says "${status}", and is not signed by the issuer`
  return status === 'unknown' ? 'says that the CA does not know the certificate' : null
}

/** RFC 8446 §6.2: certificate_required; before it, handshake_failure and bad_certificate were used (RFC 5246 §7.2.2). */
const CERTIFICATE_REQUIRED = 116
const SAYS_SO = [CERTIFICATE_REQUIRED, 40, 42]
/** The same of one that was shown: RFC 8446 §6.2, from bad_certificate to certificate_unknown, unknown_ca, access_denied. */
const REFUSES_IT = [40, 42, 43, 44, 45, 46, 48, 49]

function clientCertificate(attempt: AttemptEvidence, facts: WireFacts, completed: boolean): Finding[] {
  const {certificateRequest: request, peerAlerts, clientIdentity} = facts
  const peer = peerName(attempt)
  const from = acceptedFrom(request)
  if (clientIdentity !== null) return ownCertificate(peer, from, facts, clientIdentity, completed)
  const required =
    peerAlerts.includes(CERTIFICATE_REQUIRED) || (request !== null && peerAlerts.some((n) => SAYS_SO.includes(n)))
  if (required) {
    const hint = 'name one in relay.yaml, tls.clientIdentity, or ask the partner to let mail in without'
    return [finding('client-certificate-required', `${peer} takes nobody without a certificate${from}`, hint)]
  }
  if (request === null || !completed) return []
  const hint = 'nothing has to be done: it goes on without'
  return [finding('client-certificate-requested', `${peer} asks for a certificate of ours${from}`, hint)]
}

function ownCertificate(
  peer: string,
  from: string,
  {certificateRequest, peerAlerts}: WireFacts,
  identity: string,
  completed: boolean,
): Finding[] {
  if (certificateRequest === null) return []
  if (completed && peerAlerts.length === 0) {
    const message = `${peer} asks for a certificate of ours${from}, and is shown identity ${identity}`
    return [finding('client-certificate-requested', message, 'nothing has to be done')]
  }
  if (!peerAlerts.some((number) => REFUSES_IT.includes(number))) return []
  const hint = `see whether the partner knows its issuer: postern identity show ${identity}`
  const message = `${peer} takes nobody without a certificate${from}, and does not take identity ${identity}`
  return [finding('client-certificate-required', message, hint)]
}

/** What our side breaks off at once. */
function weakGroup(attempt: AttemptEvidence, {group}: WireFacts): Finding[] {
  if (group === null || !isWeakGroup(group)) return []
  const hint = 'the partner has to use a larger one (RFC 9325 §4.5)'
  return [finding('group-weak', `${peerName(attempt)} wants to exchange keys by ${group}`, hint)]
}

const MOST_NAMED = 3

function acceptedFrom(request: WireFacts['certificateRequest']): string {
  const names = request?.authorities ?? []
  if (names.length === 0) return ''
  const more = names.length > MOST_NAMED ? ` and ${names.length - MOST_NAMED} more` : ''
  return `, from ${names
    .slice(0, MOST_NAMED)
    .map((name) => printable(name))
    .join(' or ')}${more}`
}
