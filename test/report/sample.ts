import type {ProbeDocument, ProbeResult} from '../../src/report/probe-schema.ts'
import {
  address,
  CLEAR,
  certificate,
  failed,
  found,
  host,
  ISSUING,
  leaf,
  levels,
  NO_TLS,
  ROOT,
  result,
  TLS13,
  trusted,
  UNREACHABLE,
  UNTRUSTED,
  untrusted,
} from './sample-parts.ts'

/** What a look at a handful of partners might come to: one of each kind of trouble, and some that are well. */
export function sampleReport(): ProbeDocument {
  const results = [
    allGood(),
    missingIntermediate(),
    impostor(),
    expired(),
    withoutStarttls(),
    brokenTls(),
    unreachable(),
    nullMx(),
    opportunistic(),
  ]
  return {schema: 'postern.probe/1', startedAt: '2026-11-28T09:30:00.000Z', results}
}

/** Every host verified; one certificate ends within two weeks. */
function allGood(): ProbeResult {
  const soon = leaf('mx2.example.mil', {notBefore: '2026-06-13T00:00:00.000Z', notAfter: '2026-12-10T23:59:59.000Z'})
  const warning = found(
    'certificate-expires-soon',
    'the certificate of mx2.example.mil (192.0.2.20) expires in 12 days, on 2026-12-10',
    'the partner should renew it now',
    'warning',
  )
  const mx1 = [address('mx1.example.mil', '192.0.2.10'), address('mx1.example.mil', '2001:db8:25::10')]
  const mx2 = address('mx2.example.mil', '192.0.2.20', {chain: trusted(soon), findings: [warning]})
  return result('example.mil', [host('mx1.example.mil', 10, mx1), host('mx2.example.mil', 20, [mx2])])
}

/** The back-up host does not send the intermediate: the fault of the peer, and its issuer is named. */
function missingIntermediate(): ProbeResult {
  const name = 'mx2.partner.example'
  const aia = ['http://pki.example.mil/mail-ca-7.cer']
  const missing = {issuer: ISSUING.subject, keyId: ISSUING.keyId, aia, fault: 'peer' as const}
  const summary = `the peer does not send its intermediate ${ISSUING.subject} (key id ${ISSUING.keyId}), the issuer of the leaf: it must add it to its chain`
  const finding = found(
    'certificate-not-trusted',
    `the certificate chain of ${name} (198.51.100.7) is not trusted: ${summary} [UNABLE_TO_VERIFY_LEAF_SIGNATURE]`,
    `the partner has to send the intermediate ${ISSUING.subject}; until then, import it: postern ca import`,
  )
  const bad = address(name, '198.51.100.7', {
    outcome: UNTRUSTED,
    chain: untrusted('UNABLE_TO_VERIFY_LEAF_SIGNATURE', summary, [leaf(name, {aia})], {missing: [missing]}),
    findings: [finding],
    failure: failed('certificate', finding, '198.51.100.7', name),
  })
  const good = address('mx1.partner.example', '198.51.100.6')
  return result('partner.example', [host('mx1.partner.example', 10, [good]), host(name, 20, [bad])], {
    ...{verdict: 'fail', exit: 1, levels: UNTRUSTED},
    summary:
      'mail is delivered over verified TLS now, but not everywhere: 1 of 2 hosts passes; if mx1 is down everything defers',
  })
}

/** Somebody else answers under the name of the partner, with a CA of their own. */
function impostor(): ProbeResult {
  const name = 'mx1.impostor.example'
  const rogueName = 'CN=Totally Legitimate Root CA,O=Rogue Networks'
  const rogue = certificate(rogueName, rogueName, {isCa: true, notAfter: '2036-11-25T00:00:00.000Z', key: 'rsa-2048'})
  const own = certificate('CN=mail.rogue.example,O=Rogue Networks', rogueName, {dnsNames: ['mail.rogue.example']})
  const summary = `the chain is whole but its root ${rogueName} is not among the trust anchors: import it once its owner confirms SHA-256 ${rogue.sha256}`
  const distrust = found(
    'certificate-not-trusted',
    `the certificate chain of ${name} (203.0.113.66) is not trusted: ${summary} [SELF_SIGNED_CERT_IN_CHAIN]`,
    `if you trust ${rogueName}, import its certificate: postern ca import`,
  )
  const mismatch = found(
    'certificate-host-mismatch',
    `the certificate of ${name} (203.0.113.66) names mail.rogue.example, not ${name}`,
    'the partner needs a certificate that names its MX host',
  )
  const bad = address(name, '203.0.113.66', {
    outcome: UNTRUSTED,
    chain: untrusted('SELF_SIGNED_CERT_IN_CHAIN', summary, [own, rogue], {
      missing: [{issuer: rogueName, keyId: rogue.keyId, aia: [], fault: 'local'}],
    }),
    subject: {matched: false, reference: [name], presented: ['mail.rogue.example']},
    findings: [distrust, mismatch],
    failure: failed('certificate', distrust, '203.0.113.66', name),
  })
  return result('impostor.example', [host(name, 10, [bad])], {
    ...{verdict: 'fail', exit: 1, levels: UNTRUSTED, delivery: UNTRUSTED, fate: 'deferred', status: '4.7.5'},
    summary: 'mail waits in the queue (4.7.5)',
  })
}

function expired(): ProbeResult {
  const name = 'mx1.expired.example'
  const own = leaf(name, {notBefore: '2026-05-01T00:00:00.000Z', notAfter: '2026-10-28T23:59:59.000Z'})
  const summary = `the leaf ${own.subject} expired on 2026-10-28: the peer must renew it`
  const finding = found(
    'certificate-expired',
    `the certificate of ${name} (192.0.2.99) expired on 2026-10-28T23:59:59.000Z`,
    'the partner has to renew it; check the clock of this machine too',
  )
  const chain = untrusted('CERT_HAS_EXPIRED', summary, [own, ISSUING], {
    ...{anchor: ROOT.subject, built: [own, ISSUING, ROOT]},
  })
  const failure = failed('certificate', finding, '192.0.2.99', name)
  const bad = address(name, '192.0.2.99', {outcome: UNTRUSTED, chain, findings: [finding], failure})
  return result('expired.example', [host(name, 10, [bad])], {
    ...{verdict: 'fail', exit: 1, levels: UNTRUSTED, delivery: UNTRUSTED, fate: 'deferred', status: '4.7.5'},
    summary: 'mail waits in the queue (4.7.5)',
  })
}

function withoutStarttls(): ProbeResult {
  const name = 'mail.legacy.example'
  const finding = found(
    'starttls-not-supported',
    `${name} (198.51.100.25) does not offer STARTTLS`,
    'ask the partner to offer STARTTLS; a firewall that edits EHLO answers can be the cause too',
  )
  const bad = address(name, '198.51.100.25', {
    ...CLEAR,
    banner: '220 ******************************',
    findings: [finding],
    failure: failed('ehlo', finding, '198.51.100.25', name, '250-XXXXXXXA'),
  })
  return result('legacy.example', [host(name, 10, [bad])], {
    ...{verdict: 'fail', exit: 1, levels: NO_TLS, delivery: NO_TLS, fate: 'deferred', status: '4.7.4'},
    summary: 'mail waits in the queue (4.7.4)',
  })
}

function brokenTls(): ProbeResult {
  const name = 'mx.broken.example'
  const finding = found(
    'validation-failure',
    `the TLS handshake with ${name} (198.51.100.40) failed: no common protocol version`,
    'the partner enables TLS 1.2 or 1.3',
  )
  const bad = address(name, '198.51.100.40', {
    ...{...CLEAR, starttls: {advertised: true, accepted: true, reply: null, injected: false}},
    handshakeFailure: {
      ...{reason: 'no common protocol version', code: 'ERR_SSL_UNSUPPORTED_PROTOCOL', serverVersion: 'TLSv1.0'},
      ...{alerts: [{from: 'us', level: 'fatal', number: 70, name: 'protocol_version'}], nonTls: null},
    },
    findings: [finding],
    failure: failed('handshake', finding, '198.51.100.40', name),
  })
  return result('broken.example', [host(name, 10, [bad])], {
    ...{verdict: 'fail', exit: 1, levels: NO_TLS, delivery: NO_TLS, fate: 'deferred', status: '4.7.5'},
    summary: 'mail waits in the queue (4.7.5)',
  })
}

function unreachable(): ProbeResult {
  const name = 'mx1.away.example'
  const reason = 'connect ETIMEDOUT 203.0.113.9:25'
  const finding = found(
    'host-unreachable',
    `${name} (203.0.113.9) was not reached: ${reason}`,
    'try again later; mail waits',
  )
  const away = address(name, '203.0.113.9', {
    ...{...CLEAR, outcome: UNREACHABLE, banner: null, extensions: {clear: [], secure: null}, rtt: null},
    ...{starttls: {advertised: null, accepted: null, reply: null, injected: false}, timings: {connect: 10_000}},
    reach: {reached: false, stage: 'connect', reason, reply: null},
    findings: [finding],
    failure: failed('connect', finding, '203.0.113.9', name),
  })
  const unknown = {...host('mx2.away.example', 20, []), failure: 'DNS answered SERVFAIL for mx2.away.example'}
  return result('away.example', [host(name, 10, [away]), unknown], {
    ...{verdict: 'undetermined', exit: 75, levels: UNREACHABLE, delivery: UNREACHABLE, fate: 'deferred'},
    ...{status: '4.4.1', elapsed: 10_044},
    summary: 'could not be judged; mail waits and is tried again (4.4.1)',
  })
}

function nullMx(): ProbeResult {
  const finding = found(
    'null-mx',
    'nomail.example takes no mail: it publishes a null MX',
    'mail cannot be sent there; remove the address',
  )
  return result('nomail.example', [], {
    ...{verdict: 'fail', exit: 68, levels: UNREACHABLE, delivery: UNREACHABLE, fate: 'bounced', status: '5.1.10'},
    route: {source: 'mx', status: 'insecure', nullMx: true, failure: 'it publishes a null MX'},
    findings: [finding],
    ...{elapsed: 9, summary: 'nomail.example takes no mail; mail is returned (5.1.10)'},
  })
}

/** A name in two forms, a self-signed certificate, and a profile that asks for no more than it gets. */
function opportunistic(): ProbeResult {
  const name = 'mail.xn--mller-kva.example'
  const own = certificate(`CN=${name}`, `CN=${name}`, {dnsNames: [name], notAfter: '2030-01-01T00:00:00.000Z'})
  const profile = {name: 'preferred', level: 'preferred' as const, rule: null}
  const summary = `${own.subject} is self-signed, no CA vouches for it: the peer needs a certificate from a CA`
  const finding = found(
    'certificate-not-trusted',
    `the chain of ${name} is not trusted: ${summary}`,
    summary,
    'warning',
  )
  const tls = {
    ...TLS13!,
    version: 'TLSv1.2',
    cipher: 'TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256',
    bits: 128,
    postQuantum: false,
  }
  const one = address(name, '2001:db8:77::25', {
    ...{outcome: UNTRUSTED, policy: {profile, outcome: 'tls', status: null}, findings: [finding]},
    tls: {...tls, group: 'prime256v1', serverName: name, clientCertificate: {authorities: ['CN=Müller CA']}},
    chain: untrusted('DEPTH_ZERO_SELF_SIGNED_CERT', summary, [own]),
  })
  return result('xn--mller-kva.example', [{...host(name, null, [one]), unicode: 'mail.müller.example'}], {
    ...{unicode: 'müller.example', profile, levels: UNTRUSTED, delivery: levels('clear', 'tls', 'tls', 'refused')},
    route: {source: 'implicit', status: 'unknown', nullMx: false, failure: null},
    summary: 'mail is delivered over TLS, the peer not authenticated',
  })
}
