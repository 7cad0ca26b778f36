import type {FailureAction, Level} from '../../src/policy/profile.ts'

/**
 * docs/outcomes.md written out as data, by hand. Nothing here is computed by the judge: the file `outcomes.txt` is made from
 * this by `write-outcomes.ts`, and the judge is held to that file line by line.
 */
export interface LawLine {
  /** Names the evidence in `outcomes.evidence.ts`. */
  situation: string
  none: string
  preferred: string
  encrypt: string
  secure: string
  /** x.7.N of a refusal. */
  detail: number
}

const line = (
  situation: string,
  none: string,
  preferred: string,
  encrypt: string,
  secure: string,
  detail = 5,
): LawLine => ({
  situation,
  none,
  preferred,
  encrypt,
  secure,
  detail,
})

/** "Delivery: one attempt". A dash of the table is `clear` here: at level none TLS is not looked at. */
export const ONE_ATTEMPT: LawLine[] = [
  line('good', 'clear', 'tls', 'tls', 'verified'),
  line('starttls-not-supported', 'clear', 'clear', 'refused', 'refused', 4),
  line('starttls-answered-4xx, failure 1 of 1', 'clear', 'clear', 'refused', 'refused', 4),
  line('starttls-answered-4xx, failure 1 of 2', 'clear', 'refused', 'refused', 'refused', 4),
  line('starttls-answered-4xx, failure 2 of 2', 'clear', 'clear', 'refused', 'refused', 4),
  line('starttls-answered-5xx, fallback never', 'clear', 'refused', 'refused', 'refused', 4),
  line('handshake-fails, failure 1 of 1', 'clear', 'clear', 'refused', 'refused', 5),
  line('handshake-fails, failure 1 of 2', 'clear', 'refused', 'refused', 'refused', 5),
  line('handshake-fails, failure 2 of 2', 'clear', 'clear', 'refused', 'refused', 5),
  line('handshake-fails, fallback never', 'clear', 'refused', 'refused', 'refused', 5),
  line('handshake-stalls, failure 1 of 1', 'clear', 'clear', 'refused', 'refused', 5),
  line('peer-speaks-only-tls-1.1, failure 1 of 1', 'clear', 'clear', 'refused', 'refused', 5),
  line('peer-lacks-minimum-tls-1.3, failure 1 of 1', 'clear', 'clear', 'refused', 'refused', 6),
  line('peer-shares-no-version, failure 1 of 1', 'clear', 'clear', 'refused', 'refused', 5),
  line('self-signed', 'clear', 'tls', 'tls', 'refused', 5),
  line('unknown-issuer', 'clear', 'tls', 'tls', 'refused', 5),
  line('missing-intermediate', 'clear', 'tls', 'tls', 'refused', 5),
  line('issuer-is-no-ca', 'clear', 'tls', 'tls', 'refused', 5),
  line('bad-signature', 'clear', 'tls', 'tls', 'refused', 5),
  line('not-verified-under-these-anchors', 'clear', 'tls', 'tls', 'refused', 5),
  line('certificate-expired', 'clear', 'tls', 'tls', 'refused', 5),
  line('certificate-not-yet-valid', 'clear', 'tls', 'tls', 'refused', 5),
  line('certificate-revoked', 'clear', 'tls', 'tls', 'refused', 5),
  line('issuer-not-of-profile', 'clear', 'tls', 'tls', 'refused', 5),
  line('certificate-host-mismatch', 'clear', 'tls', 'tls', 'refused', 5),
  line('version-below-minimum', 'clear', 'tls', 'refused', 'refused', 6),
  line('cipher-below-minimum', 'clear', 'tls', 'refused', 'refused', 6),
  line('plaintext-injected, failure 1 of 1', 'clear', 'clear', 'refused', 'refused', 5),
  line('plaintext-injected, failure 1 of 2', 'clear', 'refused', 'refused', 'refused', 5),
  line('clear-text-fallback', 'clear', 'clear', 'refused', 'refused', 5),
]

/** "Standards that raise the level". A refusal that always defers, or always bounces, says so behind a colon,
 * and so does a detail of its own. */
export const PUBLISHED: LawLine[] = [
  line('sts-enforce, good', 'clear', 'verified', 'verified', 'verified'),
  line('sts-enforce, mx not listed', 'clear', 'refused:defers', 'refused:defers', 'refused:defers'),
  line('sts-enforce, starttls-not-supported', 'clear', 'refused:defers', 'refused:defers', 'refused:defers', 4),
  line('sts-enforce, self-signed', 'clear', 'refused:defers', 'refused:defers', 'refused:defers'),
  line('sts-enforce, certificate-host-mismatch', 'clear', 'refused:defers', 'refused:defers', 'refused:defers'),
  line('sts-enforce but off in the profile, self-signed', 'clear', 'tls', 'tls', 'refused'),
  line('sts-testing, mx not listed', 'clear', 'tls', 'tls', 'verified'),
  line('sts-testing, starttls-not-supported', 'clear', 'clear', 'refused', 'refused', 4),
  line('sts-none, good', 'clear', 'tls', 'tls', 'verified'),
  line('sts-fetch-error, good', 'clear', 'tls', 'tls', 'verified'),
  line('sts-mandatory, not looked up', 'refused:defers', 'refused', 'refused', 'refused'),
  line('sts-mandatory, testing', 'refused:defers', 'refused', 'refused', 'refused'),
  line('sts-mandatory, enforce', 'refused:defers', 'verified', 'verified', 'verified'),
  line('dane-usable, matches', 'clear', 'verified', 'verified', 'verified'),
  line('dane-usable, matches, self-signed', 'clear', 'verified', 'verified', 'refused'),
  line('dane-usable, no match', 'clear', 'refused', 'refused', 'refused'),
  line('dane-usable, starttls-not-supported', 'clear', 'refused', 'refused', 'refused', 4),
  line('dane-usable and sts-enforce, mx not listed', 'clear', 'verified', 'verified', 'verified'),
  line('dane-unusable, good', 'clear', 'tls', 'tls', 'verified'),
  line('dane-unusable, handshake-fails', 'clear', 'refused', 'refused', 'refused'),
  line('dane-bogus', 'clear', 'refused:defers', 'refused:defers', 'refused:defers'),
  line('dane-bogus, starttls-not-supported', 'clear', 'refused:defers', 'refused:defers', 'refused:defers'),
  line('dane-bogus but off in the profile', 'clear', 'tls', 'tls', 'verified'),
  line('dane-mandatory, not looked up', 'refused:defers', 'refused', 'refused', 'refused'),
  line('dane-mandatory, absent', 'refused:defers', 'refused', 'refused', 'refused'),
  line('dane-mandatory, unusable', 'refused:defers', 'refused', 'refused', 'refused'),
  line('dane-mandatory, usable and matches', 'refused:defers', 'verified', 'verified', 'verified'),
  line('requiretls, good and offered', 'refused:bounces', 'verified', 'verified', 'verified', 10),
  // At level none it is our own TLS that is missing (5.7.10), whatever the host offers.
  line(
    'requiretls, good and not offered',
    'refused:bounces:10',
    'refused:bounces',
    'refused:bounces',
    'refused:bounces',
    30,
  ),
  line(
    'requiretls, starttls-not-supported',
    'refused:bounces',
    'refused:bounces',
    'refused:bounces',
    'refused:bounces',
    10,
  ),
  line('requiretls, self-signed', 'refused:bounces', 'refused:bounces', 'refused:bounces', 'refused:bounces', 10),
]

/** "From attempts to a fate", at level secure. */
export const FATES: {situation: string; action: FailureAction; fate: string; status: string}[] = [
  ...bothActions('null MX', 'bounced', '5.1.10'),
  ...bothActions('NXDOMAIN', 'bounced', '5.1.2'),
  ...bothActions('no address', 'bounced', '5.4.4'),
  ...bothActions('no host has an address', 'bounced', '5.4.4'),
  ...bothActions('DNS failed', 'deferred', '4.4.3'),
  ...bothActions('DNS bogus', 'deferred', '4.4.3'),
  ...bothActions('DNS failed for the only host', 'deferred', '4.4.3'),
  ...bothActions('all unreachable', 'deferred', '4.4.1'),
  ...bothActions('4xx greeting', 'deferred', '4.4.2'),
  ...bothActions('refused, then unreachable', 'deferred', '4.7.5'),
  ...bothActions('refused, and a host whose DNS failed', 'deferred', '4.7.5'),
  ...bothActions('refused, and an address not tried', 'deferred', '4.7.5'),
  ...bothActions('refused, then verified', 'delivered', '-'),
  ...bothActions('unreachable, then verified', 'delivered', '-'),
  {situation: 'refused twice', action: 'tempfail', fate: 'deferred', status: '4.7.4'},
  {situation: 'refused twice', action: 'fail', fate: 'bounced', status: '5.7.4'},
]

function bothActions(situation: string, fate: string, status: string) {
  return (['tempfail', 'fail'] as const).map((action) => ({situation, action, fate, status}))
}

export const LEVELS_OF_LAW: Level[] = ['none', 'preferred', 'encrypt', 'secure']
