import {issueCertificate} from '../../pki/issue.ts'
import type {Behaviour, PartnerSite} from '../partner.ts'
import {type Draft, OUT_OF_DATE, UNAUTHENTICATED} from './draft.ts'

const DAY = 86_400_000

/** Certificates whose time is over, or has not come. */
export const VALIDITY: readonly Draft[] = [
  {
    name: 'expired-long-ago',
    trouble: 'its certificate expired ten years ago',
    ...OUT_OF_DATE,
    remarks: ['chain-expired'],
    build: async ({pki, mx}) => ({identity: await pki.leaf([mx], {validFor: [-4000, -3650]})}),
  },
  {
    name: 'not-yet-valid',
    trouble: 'its certificate begins to be valid in a month',
    ...OUT_OF_DATE,
    remarks: ['chain-not-yet-valid'],
    build: async ({pki, mx}) => ({identity: await pki.leaf([mx], {validFor: [30, 90]})}),
  },
  {
    name: 'expired-intermediate',
    trouble: 'its intermediate has expired, its own certificate has not',
    ...OUT_OF_DATE,
    remarks: ['chain-expired'],
    build: (site) => below([-400, -1], site),
  },
  {
    name: 'early-intermediate',
    trouble: 'its intermediate begins to be valid in a month',
    ...OUT_OF_DATE,
    remarks: ['chain-not-yet-valid'],
    build: (site) => below([30, 400], site),
  },
  {
    name: 'expires-soon',
    trouble: 'its certificate ends in ten days',
    remarks: ['certificate-expires-soon'],
    build: async ({pki, mx}) => ({identity: await pki.leaf([mx], {validFor: [-80, 10]})}),
  },
  {
    name: 'intermediate-expires-soon',
    trouble: 'its intermediate ends in ten days',
    remarks: ['certificate-expires-soon'],
    build: (site) => below([-400, 10], site),
  },
  {
    name: 'expired-self-signed',
    trouble: 'a certificate that it signed itself, and that has expired',
    remarks: ['chain-expired', 'chain-self-signed-leaf'],
    levels: UNAUTHENTICATED,
    findings: ['certificate-expired', 'certificate-not-trusted'],
    build: async ({mx}) => {
      const dates = {notBefore: new Date(Date.now() - 60 * DAY), notAfter: new Date(Date.now() - DAY)}
      const {certificatePem: chainPem, keyPem} = await issueCertificate({subject: mx, dnsNames: [mx], ...dates})
      return {identity: {chainPem, keyPem}}
    },
  },
  {
    name: 'expired-wrong-name',
    trouble: 'its certificate has expired, and is for another host',
    remarks: ['chain-expired'],
    levels: UNAUTHENTICATED,
    findings: ['certificate-expired', 'certificate-host-mismatch'],
    build: async ({pki, domain}) => ({identity: await pki.leaf([`www.${domain}`], {validFor: [-60, -1]})}),
  },
]

async function below(validFor: [number, number], {pki, mx}: PartnerSite): Promise<Behaviour> {
  return {identity: await pki.leaf([mx], {issuer: await pki.authority('Timed', {validFor})})}
}
