import {newKey} from '../../pki/issue.ts'
import {type Draft, UNTRUSTED} from './draft.ts'

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

/** For a host that takes everything, however weak. */
export const ANYTHING = {ciphers: 'DEFAULT@SECLEVEL=0'}
