import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign,
  X509Certificate,
} from 'node:crypto'
import {children, readElement, Tag} from '../pki/der.ts'
import type {IssuedCertificate} from '../pki/issue.ts'
import {bitString, element, oid, sequence} from './der-writer.ts'

/** What no library makes any more: signatures and keys from before today's rules. */
export interface Change {
  /** Who signs; its key has to fit the algorithm. */
  signer: Pick<IssuedCertificate, 'keyPem'>
  algorithm: 'md5-rsa' | 'sha256-ecdsa'
  /** In the place of the certificate's own key. */
  key?: KeyObject
}

const ALGORITHMS = {
  'md5-rsa': {hash: 'md5', id: sequence(oid('1.2.840.113549.1.1.4'), element(Tag.null))},
  'sha256-ecdsa': {hash: 'sha256', id: sequence(oid('1.2.840.10045.4.3.2'))},
} as const

/** The same certificate (RFC 5280 §4.1) with another signature, PEM, and another key where one is given. */
export function signedAnew(certificatePem: string, {signer, algorithm, key}: Change): string {
  const [body] = children(readElement(new X509Certificate(certificatePem).raw))
  const {hash, id} = ALGORITHMS[algorithm]
  const fields = children(body!).map(({raw}) => raw)
  // version, serialNumber, signature, issuer, validity, subject, subjectPublicKeyInfo, extensions.
  fields[2] = id
  if (key) fields[6] = createPublicKey(key).export({format: 'der', type: 'spki'})
  const data = sequence(...fields)
  const der = sequence(data, id, bitString(sign(hash, data, createPrivateKey(signer.keyPem))))
  const lines = der.toString('base64').match(/.{1,64}/g) ?? []
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`
}

export function smallKey(namedCurve: 'prime192v1' | 'secp224r1'): {key: KeyObject; keyPem: string} {
  const {privateKey: key} = generateKeyPairSync('ec', {namedCurve})
  return {key, keyPem: key.export({format: 'pem', type: 'pkcs8'}).toString()}
}
