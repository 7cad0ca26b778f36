import type {ProbeDocument} from '../../src/report/probe-schema.ts'
import {address, certificate, failed, found, host, leaf, result, UNTRUSTED, untrusted} from './sample-parts.ts'

/** What a peer may put into every text of its own, to break out of the format it ends up in. */
export const HOSTILE = [
  `"><script>fetch('http://hostile.example/1')</script>`,
  `<img src=http://hostile.example/2 onerror=alert(1)>`,
  `]]></failure><!-- & '`,
  `=cmd|' /C calc'!A0`,
  `\x1b]0;owned\x07 \u202egpj.exe \ud800 \0 \n# HELP owned 1\r\nowned{x="y"} 1`,
  `</style><style>*{background:url(http://hostile.example/3)}</style>`,
].join(' ')

/** One address whose every text is hostile. */
export function hostileReport(): ProbeDocument {
  const name = 'mx1.hostile.example'
  const finding = found('certificate-not-trusted', HOSTILE, HOSTILE)
  const own = {...leaf(name), subject: HOSTILE, issuer: HOSTILE, dnsNames: [HOSTILE], aia: [HOSTILE], key: HOSTILE}
  const extra = certificate(HOSTILE, HOSTILE, {notBefore: '0000-00-00', notAfter: 'never'})
  const chain = untrusted(HOSTILE, HOSTILE, [own, extra], {
    ...{anchor: HOSTILE, built: [own]},
    missing: [{issuer: HOSTILE, keyId: HOSTILE, aia: [HOSTILE], fault: 'unknown'}],
  })
  const bad = address(name, '192.0.2.66', {
    ...{outcome: UNTRUSTED, chain, banner: HOSTILE, findings: [finding]},
    extensions: {clear: [HOSTILE], secure: [HOSTILE]},
    starttls: {advertised: true, accepted: true, reply: HOSTILE, injected: true},
    tls: {
      ...{version: HOSTILE, cipher: HOSTILE, bits: 0, group: HOSTILE, serverName: HOSTILE, signatureAlgorithm: HOSTILE},
      ...{alpn: HOSTILE, ocspStapled: true, scts: true, clientCertificate: {authorities: [HOSTILE]}},
      sessionTickets: 1,
    },
    handshakeFailure: {
      ...{reason: HOSTILE, code: HOSTILE, serverVersion: HOSTILE, nonTls: HOSTILE},
      alerts: [{from: 'peer', level: 'fatal', number: 40, name: HOSTILE}],
    },
    subject: {matched: false, reference: [name], presented: [HOSTILE]},
    failure: failed('certificate', finding, '192.0.2.66', HOSTILE, HOSTILE),
  })
  const unnamed = {...host(HOSTILE, 20, []), unicode: HOSTILE, learned: HOSTILE, failure: HOSTILE}
  const results = [
    result('hostile.example', [host(name, 10, [bad]), unnamed], {
      ...{unicode: HOSTILE, verdict: 'fail', exit: 1, summary: HOSTILE, findings: [finding], levels: UNTRUSTED},
      route: {source: 'mx', status: 'bogus', nullMx: false, failure: HOSTILE},
      profile: {name: 'secure', level: 'secure', rule: HOSTILE},
    }),
  ]
  return {schema: 'postern.probe/1', startedAt: '2026-11-28T09:30:00.000Z', results}
}
