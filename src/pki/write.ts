import {createHash, createPublicKey, type KeyObject, sign} from 'node:crypto'
import ipaddr from 'ipaddr.js'
import {children, der, derOid, readElement, Tag} from './der.ts'

const text = (tag: number, value: string) => der(tag, Buffer.from(value, 'utf8'))
const sequence = (...content: Buffer[]) => der(Tag.sequence, ...content)

/** A Name with these attributes; RFC 5280 §4.1.2.4 asks for UTF8String. */
export function derName(commonName: string, organization?: string): Buffer {
  const attribute = (oid: string, value: string) => der(Tag.set, sequence(derOid(oid), text(Tag.utf8String, value)))
  const attributes = organization === undefined ? [] : [attribute('2.5.4.10', organization)]
  return sequence(...attributes, attribute('2.5.4.3', commonName))
}

/** RFC 5280 §4.1.2.5: UTCTime through 2049, GeneralizedTime from 2050. Fractions of a second are dropped. */
export function derTime(date: Date): Buffer {
  const digits = `${date.toISOString().replace(/\.\d+|[-:T]/g, '')}`
  return date.getUTCFullYear() < 2050 ? text(Tag.utcTime, digits.slice(2)) : text(Tag.generalizedTime, digits)
}

/** A non-negative INTEGER from its big-endian octets. */
export function derInteger(magnitude: Buffer): Buffer {
  const needsZero = (magnitude[0] ?? 0) & 0x80
  return der(Tag.integer, needsZero ? Buffer.concat([Buffer.of(0), magnitude]) : magnitude)
}

export function derExtension(oid: string, critical: boolean, value: Buffer): Buffer {
  const flag = critical ? [der(Tag.boolean, Buffer.of(0xff))] : []
  return sequence(derOid(oid), ...flag, der(Tag.octetString, value))
}

/** subjectAltName of host names and IP addresses (RFC 5280 §4.2.1.6). */
export function derAltNames(names: {dnsNames?: string[] | undefined; ipAddresses?: string[] | undefined}): Buffer {
  const dns = (names.dnsNames ?? []).map((name) => text(0x82, name))
  const ips = (names.ipAddresses ?? []).map((ip) => der(0x87, Buffer.from(ipaddr.parse(ip).toByteArray())))
  return derExtension('2.5.29.17', false, sequence(...dns, ...ips))
}

/** keyUsage from bit numbers of RFC 5280 §4.2.1.3, all below 8. */
export function derKeyUsage(bits: number[]): Buffer {
  const octet = bits.reduce((mask, bit) => mask | (0x80 >> bit), 0)
  const unused = 7 - Math.max(...bits)
  return derExtension('2.5.29.15', true, der(Tag.bitString, Buffer.of(unused, octet)))
}

export function publicKeyInfo(key: KeyObject): Buffer {
  return (key.type === 'private' ? createPublicKey(key) : key).export({format: 'der', type: 'spki'})
}

/** RFC 7093 §2 method 1: the left-most 160 bits of the SHA-256 of the public key's bits. */
export function keyIdentifier(spki: Buffer): Buffer {
  const bits = children(readElement(spki))[1]!
  return createHash('sha256').update(bits.content.subarray(1)).digest().subarray(0, 20)
}

const ALGORITHMS: Record<string, {identifier: Buffer; hash: string | null}> = {
  rsa: {identifier: sequence(derOid('1.2.840.113549.1.1.11'), der(Tag.null)), hash: 'sha256'},
  ec: {identifier: sequence(derOid('1.2.840.10045.4.3.2')), hash: 'sha256'},
  ed25519: {identifier: sequence(derOid('1.3.101.112')), hash: null},
}

/** The AlgorithmIdentifier that a key of this kind signs with. Throws for kinds that are not issued with here. */
export function signatureAlgorithm(key: KeyObject): Buffer {
  return algorithmOf(key).identifier
}

/** `SEQUENCE {body, algorithm, signature}`: the frame of a certificate and of a request alike. */
export function signed(body: Buffer, key: KeyObject): Buffer {
  const {identifier, hash} = algorithmOf(key)
  return sequence(body, identifier, der(Tag.bitString, Buffer.of(0), sign(hash, body, key)))
}

function algorithmOf(key: KeyObject) {
  const algorithm = ALGORITHMS[key.asymmetricKeyType ?? '']
  if (!algorithm) throw new Error(`cannot sign with a key of kind ${key.asymmetricKeyType}`)
  return algorithm
}

export function toPem(label: string, bytes: Buffer): string {
  const lines = bytes.toString('base64').match(/.{1,64}/g) ?? []
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`
}
