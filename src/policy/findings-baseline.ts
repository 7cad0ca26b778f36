import {kind} from './finding-kind.ts'

/** Changes since the baseline: errors where they are for the worse. */
export const BASELINE_FINDINGS = {
  'level-lost': kind(
    'error',
    'A level that was met is met no more',
    'RFC 7435 §3',
    'At the level that is named the outcome is weaker than when the baseline was saved. Mail that went over verified TLS may not any more.',
  ),
  'level-gained': kind(
    'info',
    'A level is met that was not before',
    'RFC 7435 §3',
    'At the level that is named the outcome is stronger than when the baseline was saved.',
  ),
  'new-issuer': kind(
    'error',
    'The certificate comes from another CA',
    'RFC 5280 §4.1.2.4',
    'The issuer of the certificate is another than when the baseline was saved. Below the same root that is ordinary rotation and only noted; under another root, or none, it is a change for the worse until somebody has asked.',
  ),
  'new-key': kind(
    'info',
    'The certificate has another key',
    'RFC 5280 §4.1.2.7',
    'The public key is another than when the baseline was saved, as after most renewals. With DANE the TLSA record has to follow.',
  ),
  'changed-name': kind(
    'error',
    'The names in the certificate changed',
    'RFC 5280 §4.2.1.6',
    'A name that stood in the certificate is gone, or one was added. A lost name can fail a subject check tomorrow.',
  ),
  'earlier-expiry': kind(
    'error',
    'The certificate ends earlier than before',
    'RFC 5280 §4.1.2.5',
    'The end of the validity moved towards us: an old certificate was put back, or another one answers.',
  ),
} as const
