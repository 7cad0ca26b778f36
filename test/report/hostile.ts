import type {ProbeDocument} from '../../src/report/probe-schema.ts'
import {sampleReport} from './sample.ts'
import {address, found, host, leaf, result, UNTRUSTED, untrusted} from './sample-parts.ts'

/** Everything that a peer might write to break out of the format that it is shown in. */
export const HOSTILE =
  '=cmd|\'/C calc\'!A0,"quoted"</td><script>alert(1)</script><img src=http://evil.example/ onerror=alert(1)>]]>&lt;--><!--\\n{x="y"} 1\r\n# TYPE x counter\u0000\u001b[31m\u202e\ud800\uffff'

/** The sample, then a target whose every word comes from somebody who means harm. */
export function hostileReport(): ProbeDocument {
  const sample = sampleReport()
  return {...sample, results: [...sample.results, hostileResult()]}
}

function hostileResult() {
  const name = 'mx1.hostile.example'
  const own = leaf(name, {subject: `CN=${HOSTILE}`, issuer: `CN=${HOSTILE}`, dnsNames: [HOSTILE]})
  const bad = found('certificate-not-trusted', `not trusted: ${HOSTILE}`, `import ${HOSTILE}`)
  const failure = {stage: 'certificate', reply: HOSTILE, code: bad.code, fix: HOSTILE, reproduce: HOSTILE} as const
  const one = address(name, '192.0.2.66', {
    ...{banner: `220 ${HOSTILE}`, outcome: UNTRUSTED, findings: [bad], failure},
    chain: untrusted('UNABLE_TO_VERIFY_LEAF_SIGNATURE', HOSTILE, [own], {
      missing: [{issuer: own.issuer, keyId: HOSTILE, aia: [HOSTILE], fault: 'peer'}],
    }),
    subject: {matched: false, reference: [name], presented: [HOSTILE]},
  })
  return result(HOSTILE, [{...host(name, 10, [one]), learned: HOSTILE, unicode: HOSTILE}], {
    ...{verdict: 'fail', exit: 1, levels: UNTRUSTED, delivery: UNTRUSTED, unicode: HOSTILE, summary: HOSTILE},
    findings: [bad],
  })
}
