import type {ProbeDocument, ProbeResult} from '../../src/report/probe-schema.ts'
import {sampleReport} from './sample.ts'
import {address, certificate, failed, found, host, leaf, result, UNTRUSTED, untrusted} from './sample-parts.ts'

/** Everything that a peer might write to break out of the format that it is shown in. */
const HOSTILE = [
  `=cmd|'/C calc'!A0,"quoted"</td><script>fetch('http://hostile.example/1')</script>`,
  `<img src=http://hostile.example/2 onerror=alert(1)>`,
  `</style><style>*{background:url(http://hostile.example/3)}</style>`,
  `]]></failure>--><!-- &lt; \\n{x="y"} 1\r\n# HELP owned 1\nowned{x="y"} 1`,
  `\x1b]0;owned\x07\x1b[31m \u202egpj.exe \ud800 \0 \uffff`,
].join(' ')

/** The sample, then a target whose every word comes from somebody who means harm. */
export function hostileReport(): ProbeDocument {
  const sample = sampleReport()
  return {...sample, results: [...sample.results, hostileResult()]}
}

function hostileResult(): ProbeResult {
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
      ...{alpn: HOSTILE, ocspStapled: true, ocsp: null, postQuantum: false, embeddedScts: false, scts: true},
      clientCertificate: {authorities: [HOSTILE]},
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
  return result(HOSTILE, [host(name, 10, [bad]), unnamed], {
    ...{unicode: HOSTILE, verdict: 'fail', exit: 1, summary: HOSTILE, findings: [finding]},
    ...{levels: UNTRUSTED, delivery: UNTRUSTED},
    route: {source: 'mx', status: 'bogus', nullMx: false, failure: HOSTILE},
    profile: {name: 'secure', level: 'secure', rule: HOSTILE},
  })
}
