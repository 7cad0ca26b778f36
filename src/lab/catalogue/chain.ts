import {children, readElement} from '../../pki/der.ts'
import {type IssuedCertificate, issueCertificate} from '../../pki/issue.ts'
import type {Behaviour, PartnerSite} from '../partner.ts'
import {type Draft, UNTRUSTED} from './draft.ts'

/** Chains that do not lead to the anchor, or lead there on odd ways. */
export const CHAIN: readonly Draft[] = [
  {
    name: 'leaf-only',
    trouble: 'sends its certificate alone; the intermediate is among those that are imported',
    build: async ({pki, mx}) => ({identity: await pki.leaf([mx], {present: 'leaf'})}),
  },
  {
    name: 'missing-of-two',
    trouble: 'sends one of the two intermediates that lead to the root',
    ...UNTRUSTED,
    remarks: ['chain-missing-issuer'],
    build: async (site) => {
      const [, lower] = await twoAuthorities(site)
      return {identity: await site.pki.leaf([site.mx], {issuer: lower})}
    },
  },
  {
    name: 'wrong-order',
    trouble: 'sends its intermediates in the wrong order',
    remarks: ['chain-wrong-order'],
    build: async (site) => {
      const [upper, lower] = await twoAuthorities(site)
      return chainOf(await site.pki.leaf([site.mx], {issuer: lower, present: 'leaf'}), upper, lower)
    },
  },
  {
    name: 'extra-certificates',
    trouble: 'sends certificates that do not belong to the chain',
    remarks: ['chain-unrelated-certificate'],
    build: async ({pki, mx}) => chainOf(await pki.leaf([mx]), {certificatePem: pki.certificate('rogue')}),
  },
  {
    name: 'root-sent',
    trouble: 'sends the root too',
    remarks: ['chain-root-sent'],
    build: async ({pki, mx}) => chainOf(await pki.leaf([mx]), {certificatePem: pki.certificate('root')}),
  },
  {
    name: 'unknown-root',
    trouble: 'a whole chain, its root included, of a CA that was never imported',
    ...UNTRUSTED,
    remarks: ['chain-unknown-root'],
    build: async ({pki, mx}) => {
      const below = await pki.authority('Rogue Intermediate', {issuer: 'rogue'})
      return chainOf(await pki.leaf([mx], {issuer: below}), {certificatePem: pki.certificate('rogue')})
    },
  },
  {
    name: 'self-signed',
    trouble: 'a certificate that it signed itself',
    ...UNTRUSTED,
    remarks: ['chain-self-signed-leaf'],
    build: async ({mx}) => {
      const {certificatePem: chainPem, keyPem} = await issueCertificate({subject: mx, dnsNames: [mx]})
      return {identity: {chainPem, keyPem}}
    },
  },
  {
    name: 'same-name-other-key',
    trouble: 'its issuer has the name of the imported intermediate, and another key',
    ...UNTRUSTED,
    remarks: ['chain-same-name-other-key'],
    build: async ({pki, mx}) => {
      const twin = await pki.authority('Intermediate', {issuer: 'rogue'})
      return {identity: await pki.leaf([mx], {issuer: twin, present: 'leaf'})}
    },
  },
  {
    name: 'not-a-ca',
    trouble: 'issued by a certificate that is no CA, but a leaf like itself',
    ...UNTRUSTED,
    remarks: ['chain-not-a-ca'],
    build: async ({pki, mx}) => {
      const pretender = await pki.leaf(['www.not-a-ca.example'])
      const issuer = {certificatePem: pretender.chainPem, keyPem: pretender.keyPem}
      return {identity: await pki.leaf([mx], {issuer})}
    },
  },
  {
    name: 'path-length',
    trouble: 'an intermediate that may have none below it has one',
    ...UNTRUSTED,
    remarks: ['chain-path-length'],
    build: async ({pki, mx}) => {
      const upper = await pki.authority('Short Path', {pathLength: 0})
      const lower = await pki.authority('Too Deep', {issuer: upper})
      return chainOf(await pki.leaf([mx], {issuer: lower}), upper)
    },
  },
  {
    name: 'name-constraints',
    trouble: 'its intermediate may issue for other.example alone',
    ...UNTRUSTED,
    remarks: ['chain-name-constraints'],
    build: (site) => constrainedTo('other.example', site),
  },
  {
    name: 'name-constraints-met',
    trouble: 'nothing: its intermediate may issue for its domain alone',
    build: (site) => constrainedTo(site.domain, site),
  },
  {
    name: 'critical-extension',
    trouble: 'a critical extension in its certificate that nobody understands',
    ...UNTRUSTED,
    build: async ({pki, mx}) => {
      const extensions = [{oid: '1.3.6.1.4.1.32473.1', critical: true, value: Buffer.of(0x05, 0x00)}]
      return {identity: await pki.leaf([mx], {more: {extensions}})}
    },
  },
  {
    name: 'ca-as-leaf',
    trouble: 'shows the certificate of a CA in the place of its own',
    ...UNTRUSTED,
    build: async ({pki, mx}) => {
      const {certificatePem, keyPem} = await pki.authority('Mail', {dnsNames: [mx]})
      return {identity: {chainPem: certificatePem, keyPem}}
    },
  },
  {
    name: 'forged-signature',
    trouble: 'its certificate was altered after it had been signed',
    ...UNTRUSTED,
    remarks: ['chain-signature-wrong'],
    build: async ({pki, mx}) => {
      const {chainPem, keyPem} = await pki.leaf([mx])
      return {identity: {chainPem: altered(chainPem), keyPem}}
    },
  },
  {
    name: 'aia-only',
    trouble: 'does not send its intermediate, and says where it could be fetched',
    ...UNTRUSTED,
    remarks: ['chain-missing-intermediate'],
    build: async ({pki, mx, domain}) => {
      const more = {aia: [`http://pki.${domain}/intermediate.crt`]}
      return {identity: await pki.leaf([mx], {issuer: 'second-intermediate', present: 'leaf', more})}
    },
  },
]

type Sent = Pick<IssuedCertificate, 'certificatePem'>

export function chainOf(leaf: {chainPem: string; keyPem: string}, ...more: Sent[]): Behaviour {
  return {identity: {...leaf, chainPem: leaf.chainPem + more.map(({certificatePem}) => certificatePem).join('')}}
}

async function twoAuthorities({pki}: PartnerSite): Promise<[IssuedCertificate, IssuedCertificate]> {
  const upper = await pki.authority('Upper')
  return [upper, await pki.authority('Lower', {issuer: upper})]
}

// RFC 5280 §4.2.1.10: permittedSubtrees [0] of one dNSName [2].
async function constrainedTo(domain: string, {pki, mx}: PartnerSite): Promise<Behaviour> {
  const name = Buffer.from(domain, 'latin1')
  const wrap = (tag: number, content: Buffer) => Buffer.concat([Buffer.of(tag, content.length), content])
  const value = wrap(0x30, wrap(0xa0, wrap(0x30, wrap(0x82, name))))
  const issuer = await pki.authority('Constrained', {extensions: [{oid: '2.5.29.30', critical: true, value}]})
  return {identity: await pki.leaf([mx], {issuer})}
}

/** The serial number of the first certificate is another one now, and its signature no longer fits. */
function altered(chainPem: string): string {
  const [first = '', ...rest] = chainPem.split(/(?<=-----END CERTIFICATE-----\n)/)
  const der = Buffer.from(first.replace(/-----.*-----|\s/g, ''), 'base64')
  const serial = children(children(readElement(der))[0]!)[1]!
  serial.content[8]! ^= 1
  const lines = der.toString('base64').match(/.{1,64}/g) ?? []
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n${rest.join('')}`
}
