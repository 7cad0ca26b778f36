import type {IssuedCertificate} from '../../pki/issue.ts'
import {type OcspOrder, ocspResponse} from '../ocsp-response.ts'
import type {Behaviour, PartnerSite} from '../partner.ts'
import {type Draft, UNAUTHENTICATED} from './draft.ts'

/** What a host staples to its certificate (RFC 6066 §8, RFC 6960), and SCTs inside it (RFC 6962). */
export const REVOCATION: readonly Draft[] = [
  stapler('ocsp-good', 'nothing: staples an OCSP response that says good', [], {}),
  {
    ...stapler('ocsp-revoked', 'staples an OCSP response that says that its certificate is revoked', [], {
      state: 'revoked',
    }),
    levels: UNAUTHENTICATED,
    findings: ['certificate-revoked'],
  },
  stapler('scts-in-ocsp', 'nothing: the OCSP response that it staples carries SCTs', [], {scts: true}),
  stapler('ocsp-unknown', 'staples an OCSP response that does not know its certificate', ['ocsp-unusable'], {
    state: 'unknown',
  }),
  stapler('ocsp-stale', 'staples an OCSP response of last month', ['ocsp-stale'], {hours: [-900, -700]}),
  stapler('ocsp-early', 'staples an OCSP response from the future', ['ocsp-stale'], {hours: [48, 96]}),
  {
    ...{name: 'ocsp-other', trouble: 'staples an OCSP response for another certificate'},
    remarks: ['ocsp-unusable'],
    build: async (site) => {
      const made = await issued(site)
      const other = await site.pki.leaf([`www.${site.domain}`], {issuer: made.issuer, present: 'leaf'})
      return stapling(made, ocspResponse({certificatePem: other.chainPem, issuer: made.issuer, state: 'good'}))
    },
  },
  {
    ...{name: 'ocsp-forged', trouble: 'staples an OCSP response that a stranger signed, and that says revoked'},
    remarks: ['ocsp-unusable'],
    build: async (site) => {
      const made = await issued(site)
      const signer = await site.pki.authority('Stranger', {issuer: 'rogue'})
      const {certificatePem, issuer} = made
      return stapling(made, ocspResponse({certificatePem, issuer, state: 'revoked', signer}))
    },
  },
  {
    ...{name: 'ocsp-garbage', trouble: 'staples what is no OCSP response'},
    remarks: ['ocsp-unusable'],
    build: async (site) => stapling(await issued(site), Buffer.from('no response')),
  },
  {
    name: 'scts-embedded',
    trouble: 'nothing: its certificate carries SCTs, as one of a public CA does',
    // RFC 6962 §3.3: an OCTET STRING with a list of SCTs, of which what counts here is that they are there.
    build: async ({pki, mx}) => {
      const value = Buffer.concat([Buffer.of(4, 49, 0, 47), Buffer.alloc(47, 1)])
      const extensions = [{oid: '1.3.6.1.4.1.11129.2.4.2', critical: false, value}]
      return {identity: await pki.leaf([mx], {more: {extensions}})}
    },
  },
]

interface Made {
  identity: {chainPem: string; keyPem: string}
  certificatePem: string
  issuer: IssuedCertificate
}

async function issued({pki, mx}: PartnerSite): Promise<Made> {
  const issuer = await pki.authority('Responding')
  const identity = await pki.leaf([mx], {issuer})
  return {identity, certificatePem: identity.chainPem, issuer}
}

function stapling({identity}: Made, staple: Buffer): Behaviour {
  return {identity, script: {staple}}
}

function stapler(name: string, trouble: string, remarks: string[], order: Partial<OcspOrder>): Draft {
  return {
    ...{name, trouble, remarks},
    build: async (site) => {
      const made = await issued(site)
      const {certificatePem, issuer} = made
      return stapling(made, ocspResponse({certificatePem, issuer, state: 'good', ...order}))
    },
  }
}
