import {newKey} from '../../pki/issue.ts'
import type {Behaviour, PartnerSite} from '../partner.ts'
import {signedAnew, smallKey} from '../signed-anew.ts'
import {type Draft, NO_HANDSHAKE, UNTRUSTED} from './draft.ts'

/** Keys, signatures and purposes. */
export const KEYS: readonly Draft[] = [
  {
    name: 'rsa-1024',
    trouble: 'an RSA key of 1024 bits',
    ...UNTRUSTED,
    remarks: ['key-weak'],
    // OpenSSL will not load so small a key by itself, at the level of security that Node sets.
    build: async ({pki, mx}) => ({identity: await pki.leaf([mx], {more: {key: 'rsa-1024'}}), tls: ANYTHING}),
  },
  {
    name: 'rsa-1024-intermediate',
    trouble: 'its intermediate has an RSA key of 1024 bits',
    ...UNTRUSTED,
    remarks: ['key-weak'],
    build: async ({pki, mx}) => {
      const issuer = await pki.authority('Small Key', {key: 'rsa-1024'})
      return {identity: await pki.leaf([mx], {issuer}), tls: ANYTHING}
    },
  },
  {
    name: 'sha-1',
    trouble: 'its certificate is signed with SHA-1',
    ...UNTRUSTED,
    remarks: ['signature-weak'],
    build: async ({pki, mx}) => ({identity: await pki.leaf([mx], {more: {hash: 'SHA-1'}}), tls: ANYTHING}),
  },
  {
    name: 'sha-1-intermediate',
    trouble: 'its intermediate is signed with SHA-1',
    ...UNTRUSTED,
    remarks: ['signature-weak'],
    build: async ({pki, mx}) => {
      const issuer = await pki.authority('Old Hash', {hash: 'SHA-1'})
      return {identity: await pki.leaf([mx], {issuer}), tls: ANYTHING}
    },
  },
  {
    name: 'md5',
    trouble: 'its certificate is signed with MD5',
    ...UNTRUSTED,
    remarks: ['signature-weak'],
    build: async ({pki, mx}) => {
      const issuer = await pki.authority('Oldest Hash', {key: 'rsa-2048'})
      const {chainPem, keyPem} = await pki.leaf([mx], {issuer, present: 'leaf'})
      const leaf = signedAnew(chainPem, {signer: issuer, algorithm: 'md5-rsa'})
      return {identity: {chainPem: leaf + issuer.certificatePem, keyPem}, tls: ANYTHING}
    },
  },
  {
    name: 'ec-224-intermediate',
    trouble: 'its intermediate has an elliptic key of 224 bits',
    remarks: ['key-weak'],
    build: (site) => belowSmallKey('secp224r1', site),
  },
  {
    name: 'ec-192-intermediate',
    trouble: 'its intermediate has an elliptic key of 192 bits',
    ...UNTRUSTED,
    remarks: ['key-weak'],
    build: (site) => belowSmallKey('prime192v1', site),
  },
  {
    name: 'ec-192',
    trouble: 'an elliptic key of 192 bits',
    ...NO_HANDSHAKE,
    build: async ({pki, mx}) => {
      const {key, keyPem} = smallKey('prime192v1')
      const {chainPem} = await pki.leaf([mx], {present: 'leaf'})
      const leaf = signedAnew(chainPem, {signer: pki.issuer('intermediate'), algorithm: 'sha256-ecdsa', key})
      return {identity: {chainPem: leaf, keyPem}, tls: {...ANYTHING, maxVersion: 'TLSv1.2'}}
    },
  },
  {
    name: 'client-purpose',
    trouble: 'its certificate is made for TLS clients alone (extendedKeyUsage)',
    ...UNTRUSTED,
    remarks: ['chain-extended-key-usage'],
    build: async ({pki, mx}) => ({identity: await pki.leaf([mx], {more: {purposes: ['1.3.6.1.5.5.7.3.2']}})}),
  },
  {
    name: 'code-signing-purpose',
    trouble: 'its certificate is made to sign programs (extendedKeyUsage)',
    ...UNTRUSTED,
    remarks: ['chain-extended-key-usage'],
    build: async ({pki, mx}) => ({identity: await pki.leaf([mx], {more: {purposes: ['1.3.6.1.5.5.7.3.3']}})}),
  },
  {
    name: 'rsa-2048',
    trouble: 'nothing: an RSA key of 2048 bits',
    build: async ({pki, mx}) => {
      const keyPem = (await newKey('rsa-2048')).export({format: 'pem', type: 'pkcs8'}).toString()
      return {identity: await pki.leaf([mx], {more: {keyPem}})}
    },
  },
]

/** An intermediate with this key, and below it a leaf in order. */
async function belowSmallKey(curve: Parameters<typeof smallKey>[0], {pki, mx}: PartnerSite): Promise<Behaviour> {
  const {key, keyPem: signerPem} = smallKey(curve)
  const made = await pki.authority('Small Curve')
  const root = pki.issuer('root')
  const issuer = signedAnew(made.certificatePem, {signer: root, algorithm: 'sha256-ecdsa', key})
  const {chainPem, keyPem} = await pki.leaf([mx], {issuer: made, present: 'leaf'})
  const leaf = signedAnew(chainPem, {signer: {keyPem: signerPem}, algorithm: 'sha256-ecdsa'})
  return {identity: {chainPem: leaf + issuer, keyPem}, tls: ANYTHING}
}

/** For a host that takes everything, however weak. */
export const ANYTHING = {ciphers: 'DEFAULT@SECLEVEL=0'}
