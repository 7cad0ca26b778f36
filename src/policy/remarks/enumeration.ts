import type {AttemptEvidence, Finding} from '../evidence.ts'
import {finding} from '../findings.ts'
import {peerName} from '../problem.ts'

/** What many small handshakes found, as far as there is something to say of it. */
export interface Enumerated {
  versions: readonly {version: string; taken: boolean | null}[]
  ciphers: readonly {version: string; suites: readonly {name: string; rank: 'good' | 'discouraged' | 'forbidden'}[]}[]
  groups: {names: readonly string[]}
  compression: boolean | null
  secureRenegotiation: boolean | null
  withoutSni: 'same' | 'other' | 'refused' | null
  commandInjection: boolean | null
}

const SETTINGS = 'the partner has to change the TLS settings of its mail server'

/** What RFC 9325 forbids, or advises against, and the host takes all the same. */
export function enumerationRemarks(attempt: AttemptEvidence, found: Enumerated): Finding[] {
  const peer = peerName(attempt)
  const ranked = (rank: string) => [
    ...new Set(found.ciphers.flatMap(({suites}) => suites.filter((one) => one.rank === rank).map(({name}) => name))),
  ]
  const old = found.versions.filter(({version, taken}) => taken && OBSOLETE.includes(version))
  const [forbidden, discouraged, weak] = [
    ranked('forbidden'),
    ranked('discouraged'),
    found.groups.names.filter(isWeakGroup),
  ]
  const hint = `${SETTINGS} (RFC 9325)`
  const injection = 'the partner has to update its server, or the proxy in front of it (CVE-2011-0411)'
  return [
    ...(old.length > 0
      ? [finding('tls-version-obsolete', `${peer} takes ${list(old.map(({version}) => version))}`, hint)]
      : []),
    ...(forbidden.length > 0 ? [finding('cipher-forbidden', `${peer} takes ${list(forbidden)}`, hint)] : []),
    ...(discouraged.length > 0 ? [finding('cipher-discouraged', `${peer} takes ${list(discouraged)}`, hint)] : []),
    ...(weak.length > 0 ? [finding('group-weak', `${peer} exchanges keys by ${list(weak)}`, hint)] : []),
    ...(found.compression ? [finding('tls-compression', `${peer} compresses inside TLS`, hint)] : []),
    ...(found.secureRenegotiation === false
      ? [
          finding(
            'renegotiation-insecure',
            `${peer} does not know secure renegotiation`,
            'the partner has to update it',
          ),
        ]
      : []),
    ...sniRemarks(peer, found.withoutSni),
    ...(found.commandInjection
      ? [finding('starttls-command-injection', `${peer} answers inside TLS what was sent before it`, injection)]
      : []),
  ]
}

const OBSOLETE = ['SSLv3', 'TLSv1', 'TLSv1.1']

function sniRemarks(peer: string, withoutSni: Enumerated['withoutSni']): Finding[] {
  if (withoutSni === null || withoutSni === 'same') return []
  const what = withoutSni === 'other' ? 'shows another certificate to' : 'breaks off the handshake of'
  const hint = 'nothing has to be done: mailers of today send SNI'
  return [finding('certificate-needs-sni', `${peer} ${what} who does not name it (SNI)`, hint)]
}

/** RFC 9325 §4.5: finite fields of 2048 bits at least, curves of 224. */
export function isWeakGroup(group: string): boolean {
  const field = /^dh-(\d+)$/.exec(group)?.[1]
  if (field !== undefined) return Number(field) < 2048
  return /^(secp160|secp192|prime192|sect163|sect193)/.test(group)
}

const MOST_NAMED = 8

function list(names: readonly string[]): string {
  const more = names.length > MOST_NAMED ? ` and ${names.length - MOST_NAMED} more` : ''
  return `${names.slice(0, MOST_NAMED).join(', ')}${more}`
}
