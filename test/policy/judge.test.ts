import {describe, expect, test} from 'vitest'
import type {AttemptEvidence} from '../../src/policy/evidence.ts'
import {judgeAttempt, judgePath} from '../../src/policy/judge.ts'
import type {EffectiveProfile} from '../../src/policy/profile.ts'
import {
  attempt,
  certificate,
  failedAttempt,
  handshake,
  pathOf,
  profileAt,
  unreachable,
  untrusted,
} from '../support/evidence.ts'

const judge = (seen: AttemptEvidence, profile: EffectiveProfile, route = {}) =>
  judgeAttempt(seen, pathOf([seen], route), profile)
const codes = (seen: AttemptEvidence, profile: EffectiveProfile) =>
  judge(seen, profile).findings.map((item) => item.code)

describe('a peer that takes STARTTLS and sends its client away inside TLS', () => {
  const reach = {status: 'unreachable', stage: 'ehlo', reason: 'busy', reply: '421 4.3.2 busy'} as const
  const seen = attempt({reach, handshake: handshake()})

  test('is unreachable where TLS is tried, and takes mail in clear text from who never tries', () => {
    expect(judge(seen, profileAt('none'))).toEqual({outcome: 'clear', findings: [], status: null})
    for (const level of ['preferred', 'encrypt', 'secure'] as const) {
      expect(judge(seen, profileAt(level)).outcome).toBe('unreachable')
    }
  })

  test('is unreachable at level none too where TLS was not what came before', () => {
    const inClear = attempt({reach, handshake: null, starttls: {...seen.starttls, accepted: null}})
    expect(judge(inClear, profileAt('none')).outcome).toBe('unreachable')
    expect(
      judge({...seen, mode: 'implicit', starttls: {...seen.starttls, accepted: null}}, profileAt('none')).outcome,
    ).toBe('unreachable')
  })
})

describe('the findings of an attempt', () => {
  test('name every problem and not only the first', () => {
    const seen = attempt({
      handshake: untrusted('DEPTH_ZERO_SELF_SIGNED_CERT', {
        version: 'TLSv1.2',
        bits: 112,
        presented: [certificate({dnsNames: ['mx.attacker.net'], notAfter: '2026-05-01T00:00:00.000Z'})],
      }),
    })
    expect(codes(seen, profileAt('secure', {minTls: '1.3'}))).toEqual([
      'certificate-expired',
      'certificate-not-trusted',
      'certificate-host-mismatch',
      'tls-version-too-low',
      'cipher-too-weak',
    ])
  })

  test('are errors where they refuse and warnings where the mail passes in spite of them', () => {
    const seen = attempt({handshake: untrusted('CERT_HAS_EXPIRED')})
    expect(judge(seen, profileAt('secure')).findings[0]?.severity).toBe('error')
    expect(judge(seen, profileAt('encrypt')).findings[0]?.severity).toBe('warning')
  })

  test('tell an expired date from one that has not come, and name the date', () => {
    const expired = untrusted('CERT_HAS_EXPIRED', {presented: [certificate({notAfter: '2026-05-01T00:00:00.000Z'})]})
    const early = untrusted('CERT_NOT_YET_VALID', {presented: [certificate({notBefore: '2026-07-01T00:00:00.000Z'})]})
    const message = (tls: typeof expired) => judge(attempt({handshake: tls}), profileAt('secure')).findings[0]?.message
    expect(message(expired)).toMatch(/expired on 2026-05-01/)
    expect(message(early)).toMatch(/not valid before 2026-07-01/)
  })

  test('say that an expired intermediate is in the chain, where the leaf is in its time', () => {
    const seen = attempt({handshake: untrusted('CERT_HAS_EXPIRED')})
    expect(judge(seen, profileAt('secure')).findings.map((item) => item.message)).toEqual([
      'a certificate in the chain of mx1.example.mil (127.0.0.2) has expired',
    ])
  })

  test('never overrule the handshake: a trusted chain is not called expired by its dates', () => {
    const seen = attempt({handshake: handshake({presented: [certificate({notAfter: '2026-05-01T00:00:00.000Z'})]})})
    expect(judge(seen, profileAt('secure')).outcome).toBe('verified')
  })

  test('name the missing intermediate and whose it is to send', () => {
    const missing = {issuer: 'CN=Example Intermediate', keyId: null, aia: [], fault: 'peer' as const}
    const explanation = {summary: 'the intermediate was not sent', missing: [missing], anchor: null}
    const seen = attempt({handshake: untrusted('UNABLE_TO_VERIFY_LEAF_SIGNATURE', {explanation})})
    const [item] = judge(seen, profileAt('secure')).findings
    expect(item).toMatchObject({
      code: 'certificate-not-trusted',
      hint: expect.stringContaining('CN=Example Intermediate'),
    })
  })

  test('say that a chain was not verified where the anchors of the profile are not in the evidence', () => {
    const anchors = {id: 'other', certificates: [], issuers: null}
    const verdict = judge(attempt(), profileAt('secure', {anchors}))
    expect(verdict).toMatchObject({outcome: 'refused', status: '4.7.5'})
    expect(verdict.findings[0]?.message).toMatch(/was not verified against these anchors/)
  })

  test('look for the issuer in the chain as built and not in what the peer sends along', () => {
    const issuer = 'd'.repeat(64)
    const sent = handshake({presented: [certificate(), certificate({sha256: issuer})]})
    const profile = profileAt('secure', {
      ca: ['partner'],
      anchors: {id: 'anchors', certificates: [], issuers: [issuer]},
    })
    expect(codes(attempt({handshake: sent}), profile)).toEqual(['certificate-issuer-mismatch'])
    const built = handshake({built: [certificate(), certificate({sha256: issuer})]})
    expect(judge(attempt({handshake: built}), profile).outcome).toBe('verified')
  })

  test('remark that an MX name from unsigned DNS proves little, and not where it is pinned', () => {
    const remark = 'mx-name-unauthenticated'
    expect(codes(attempt(), profileAt('secure'))).toEqual([remark])
    expect(judge(attempt(), profileAt('secure'), {status: 'secure'}).findings).toEqual([])
    expect(judge(attempt(), profileAt('secure'), {source: 'static'}).findings).toEqual([])
    expect(codes(attempt(), profileAt('secure', {trust: 'imported', ca: ['partner']}))).toEqual([])
    expect(codes(attempt(), profileAt('secure', {subject: [{kind: 'exact', value: 'mx1.example.mil'}]}))).toEqual([])
  })

  test('escape what the peer said', () => {
    const starttls = {advertised: true, accepted: false, reply: '454 \x1b[31mred', injected: false}
    const [item] = judge(attempt({starttls, handshake: null}), profileAt('encrypt')).findings
    expect(item?.message).toContain('\\x1b[31mred')
  })

  test('are none at level none, where TLS is not looked at', () => {
    expect(judge(failedAttempt(), profileAt('none'))).toEqual({outcome: 'clear', findings: [], status: null})
  })
})

describe('an implicit-TLS port', () => {
  test('is never left for clear text: there is none on it', () => {
    const seen = failedAttempt(9, {
      mode: 'implicit',
      starttls: {advertised: null, accepted: null, reply: null, injected: false},
    })
    expect(judge(seen, profileAt('preferred')).outcome).toBe('refused')
    expect(judge(seen, profileAt('none')).outcome).toBe('refused')
  })

  test('needs no STARTTLS to be verified', () => {
    const seen = attempt({mode: 'implicit', starttls: {advertised: null, accepted: null, reply: null, injected: false}})
    expect(judge(seen, profileAt('secure')).outcome).toBe('verified')
  })
})

describe('an attempt made under a laxer profile', () => {
  const untried = attempt({starttls: {advertised: true, accepted: null, reply: null, injected: false}, handshake: null})

  test('is refused where TLS is required, because nothing is known of it', () => {
    expect(judge(untried, profileAt('secure'))).toMatchObject({outcome: 'refused', status: '4.7.4'})
    expect(codes(untried, profileAt('encrypt'))).toEqual(['tls-not-attempted'])
  })

  test('passes in clear text at preferred', () => {
    expect(judge(untried, profileAt('preferred')).outcome).toBe('clear')
  })

  test('counts as a failed handshake where the connection was lost before it', () => {
    expect(codes({...untried, failedAttempts: 1}, profileAt('encrypt'))).toEqual(['validation-failure'])
  })
})

describe('the fate of a recipient', () => {
  const fallback = (change: Partial<AttemptEvidence> = {}) => attempt({handshake: null, fallback: true, ...change})

  test('follows the clear-text connection after a failed handshake, and not the failure', () => {
    const path = pathOf([failedAttempt(), unreachable({fallback: true})])
    expect(judgePath(path, () => profileAt('preferred')).fate).toBe('deferred')
    const again = pathOf([failedAttempt(), fallback()])
    const verdict = judgePath(again, () => profileAt('preferred'))
    expect(verdict.attempts.map(({outcome}) => outcome)).toEqual(['clear', 'clear'])
    expect(verdict).toMatchObject({fate: 'delivered', reason: 'mail may pass at mx1.example.mil in clear text'})
  })

  test('is delivered at a later address when the fallback of an earlier one was unreachable', () => {
    const path = pathOf([failedAttempt(), unreachable({fallback: true}), attempt({address: '127.0.0.3'})])
    expect(judgePath(path, () => profileAt('preferred')).reason).toMatch(/over TLS/)
  })

  test('is a deferral at preferred before enough failures, whatever the action', () => {
    const profile = profileAt('preferred', {fallbackAfter: 3, onFailure: 'fail'})
    expect(judgePath(pathOf([failedAttempt(2)]), () => profile)).toMatchObject({fate: 'deferred', status: '4.7.5'})
  })

  test('bounces only when every profile that was asked bounces', () => {
    const path = pathOf([failedAttempt(), failedAttempt(1, {address: '127.0.0.3'})])
    const profileFor = ({address}: AttemptEvidence) =>
      profileAt('secure', {onFailure: address === '127.0.0.3' ? 'fail' : 'tempfail'})
    expect(judgePath(path, profileFor)).toMatchObject({fate: 'deferred', status: '4.7.5'})
    expect(judgePath(path, () => profileAt('secure', {onFailure: 'fail'}))).toMatchObject({
      fate: 'bounced',
      status: '5.7.5',
    })
  })

  test('is open while nobody has located or tried anything', () => {
    expect(judgePath(pathOf([]), () => profileAt('secure', {onFailure: 'fail'}))).toMatchObject({
      fate: 'deferred',
      status: '4.4.1',
    })
  })

  test('names in its reason the check that failed', () => {
    const path = pathOf([attempt({handshake: untrusted('CERT_REVOKED')})])
    expect(judgePath(path, () => profileAt('secure', {onFailure: 'fail'})).reason).toBe(
      'the certificate of mx1.example.mil (127.0.0.2) is revoked; the mail is returned',
    )
  })

  test('names in its reason what kept the last host from being asked', () => {
    expect(judgePath(pathOf([unreachable()]), () => profileAt('secure')).reason).toMatch(
      /^no mail host of example\.mil could be asked: SMTP at mx1\.example\.mil .*connection refused; it is tried again$/,
    )
  })

  test('carries a finding for a null MX, with the section that defines it', () => {
    const path = pathOf([], {nullMx: true, failure: {kind: 'null-mx', reason: 'MX 0 .'}})
    expect(judgePath(path, () => profileAt('none')).findings).toMatchObject([
      {code: 'null-mx', severity: 'error', section: 'RFC 7505 §3'},
    ])
  })
})

describe('a hint', () => {
  test.each([
    ['mx.host.example', /if mx\.host\.example is theirs/],
    ['mx1.example.mil\0.attacker.example', /^the partner needs a certificate that names its MX host$/],
    ['*.host.example', /names its MX host$/],
  ])('allows a name of the certificate only where it is a host name: %j', (name, expected) => {
    const other = attempt({handshake: handshake({presented: [certificate({dnsNames: [name]})]})})
    const {findings} = judge(other, profileAt('secure'))
    expect(findings.find(({code}) => code === 'certificate-host-mismatch')?.hint).toMatch(expected)
  })

  const hintOf = (seen: AttemptEvidence) => judge(seen, profileAt('secure')).findings[0]?.hint ?? ''
  const stalled = (change: Partial<AttemptEvidence>) =>
    attempt({
      reach: {status: 'unreachable', stage: 'connect', reason: 'no answer within 15 s', reply: null},
      handshake: null,
      ...change,
    })

  test('of a failed handshake does not send a probe to look with the probe', () => {
    expect(hintOf(failedAttempt())).not.toContain('postern probe')
    expect(hintOf(attempt({handshake: {status: 'failed', reason: 'timed out', code: 'timeout'}}))).toContain('again')
  })

  test('speaks of a blocked port 25 where a connection to that port failed, and nowhere else', () => {
    expect(hintOf(stalled({}))).toContain('port 25 is blocked')
    expect(hintOf(stalled({port: 465}))).toBe('it is tried again; check that a mail server listens at port 465')
    for (const stage of ['greeting', 'ehlo'] as const) {
      const reach = {status: 'unreachable', stage, reason: 'no answer within 15 s', reply: null} as const
      expect(hintOf(stalled({reach}))).not.toContain('blocked')
      expect(hintOf(stalled({reach, handshake: handshake()}))).not.toContain('blocked')
    }
  })
})

describe('a domain without a host', () => {
  const messageOf = (kind: 'nxdomain' | 'null-mx' | 'dns-failed', reason: string) => {
    const path = pathOf([], {hosts: [], failure: {kind, reason}, nullMx: kind === 'null-mx'})
    return judgePath(path, () => profileAt('secure')).findings[0]?.message
  }

  test.each([
    ['nxdomain', 'example.mil does not exist', 'example.mil does not exist'],
    ['nxdomain', 'mx.example.org does not exist', 'example.mil does not exist: mx.example.org does not exist'],
    ['null-mx', 'the domain publishes a null MX (RFC 7505)', 'example.mil publishes a null MX: it takes no mail'],
    ['dns-failed', 'SERVFAIL', 'example.mil could not be looked up: SERVFAIL'],
  ] as const)('says why once: %s, %s', (kind, reason, message) => {
    expect(messageOf(kind, reason)).toBe(message)
  })
})
