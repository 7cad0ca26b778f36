import type {Outcome} from '../policy/evidence.ts'
import type {PartnerDeclaration} from './partner.ts'
import * as trouble from './troubles.ts'

const at = (none: Outcome, preferred: Outcome, encrypt: Outcome, secure: Outcome) => ({
  none,
  preferred,
  encrypt,
  secure,
})
/** Encrypted, but nobody knows with whom. */
const UNAUTHENTICATED = at('clear', 'tls', 'tls', 'refused')
/** No encryption to be had. */
const UNENCRYPTED = at('clear', 'clear', 'refused', 'refused')

/** The domain of the seed's example. */
export const GOOD_DOMAIN = 'example.mil'

/** The partners of the lab, in the order in which they are shown. Addresses follow the order. */
export const CATALOGUE: readonly PartnerDeclaration[] = [
  {
    name: 'good',
    domain: GOOD_DOMAIN,
    trouble: 'nothing',
    levels: at('clear', 'tls', 'tls', 'verified'),
    findings: [],
    build: trouble.inOrder,
  },
  {
    name: 'impostor',
    domain: 'impostor.example',
    trouble: `a certificate of another CA, for its own name and for mx1.${GOOD_DOMAIN}`,
    levels: UNAUTHENTICATED,
    findings: ['certificate-not-trusted'],
    build: trouble.otherCa(`mx1.${GOOD_DOMAIN}`),
  },
  {
    name: 'no-intermediate',
    domain: 'no-intermediate.example',
    trouble: 'does not send the intermediate that issued its certificate',
    levels: UNAUTHENTICATED,
    findings: ['certificate-not-trusted'],
    build: trouble.omittedIntermediate,
  },
  {
    name: 'wrong-name',
    domain: 'wrong-name.example',
    trouble: 'its certificate is for www.wrong-name.example, not for its MX host',
    levels: UNAUTHENTICATED,
    findings: ['certificate-host-mismatch'],
    build: trouble.wrongName,
  },
  {
    name: 'expired',
    domain: 'expired.example',
    trouble: 'its certificate expired yesterday',
    levels: UNAUTHENTICATED,
    findings: ['certificate-expired'],
    build: trouble.expired,
  },
  {
    name: 'no-starttls',
    domain: 'no-starttls.example',
    trouble: 'does not offer STARTTLS',
    levels: UNENCRYPTED,
    findings: ['starttls-not-supported'],
    build: trouble.noTls,
  },
  {
    name: 'broken-tls',
    domain: 'broken-tls.example',
    trouble: 'answers STARTTLS with 220, and then speaks no TLS',
    levels: UNENCRYPTED,
    findings: ['validation-failure'],
    build: trouble.noHandshake,
  },
  {
    name: 'sink',
    domain: 'sink.example',
    trouble: 'offers no TLS: a plain next hop that takes mail for everybody, the relay included',
    levels: UNENCRYPTED,
    findings: ['starttls-not-supported'],
    alsoFor: ['relay.example.org'],
    build: trouble.noTls,
  },
]
