import type {AttemptEvidence, Finding} from '../evidence.ts'
import {finding} from '../findings.ts'
import {peerName} from '../problem.ts'

/** What a ClientHello made by hand showed after a handshake had failed. */
export interface SecondLook {
  /** The newest version that the peer speaks, where that is below TLS 1.2. */
  newest: string | null
  /** The handshake goes on where the MX host is not named. */
  sniRefused: boolean
  /** A cipher that it likes, where it likes none of those that are offered. */
  cipher: string | null
  /** A group below its least size that it takes, where it takes none of those that are offered. */
  group: string | null
}

export const NOTHING_NEW: SecondLook = {newest: null, sniRefused: false, cipher: null, group: null}

/** What a ClientHello of our own has learned of a peer with which the handshake failed. */
export function secondLookRemarks(attempt: AttemptEvidence, look: SecondLook): Finding[] {
  const peer = peerName(attempt)
  const {newest, sniRefused, cipher, group} = look
  if (newest !== null) {
    const hint = 'the partner has to enable TLS 1.2 or newer; level preferred sends in clear text until then'
    return [finding('tls-only-obsolete', `${peer} speaks nothing newer than ${newest}, by a second look`, hint)]
  }
  if (sniRefused) {
    const message = `${peer} breaks off when it is named as ${attempt.host} in SNI, and goes on when it is not`
    return [finding('sni-refused', message, 'the partner has to make that name known to its TLS')]
  }
  if (group !== null) {
    const message = `${peer} takes none of the usual groups; by a second look it would exchange keys by ${group}`
    return [finding('group-weak', message, 'the partner has to allow groups of today (RFC 9325 §4.5)')]
  }
  if (cipher === null) return []
  const message = `${peer} speaks TLS 1.2 and takes none of the usual ciphers; by a second look it would take ${cipher}`
  return [finding('tls-no-common-cipher', message, 'the partner has to allow ciphers of today (RFC 9325 §4.2)')]
}
