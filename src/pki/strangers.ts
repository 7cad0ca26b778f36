import {printable} from '../mail/domain.ts'
import {children, readElement, Tag} from './der.ts'

const LABELS: [RegExp, string][] = [
  [/PRIVATE KEY$/, 'a private key'],
  [/CERTIFICATE REQUEST$/, 'a certification request (CSR)'],
  [/PUBLIC KEY$/, 'a public key'],
  [/CRL$/, 'a revocation list'],
  [/^PGP/, 'an OpenPGP block'],
  [/PARAMETERS$/, 'key parameters'],
]

/** What a PEM label stands for, in words. */
export function whatLabelMeans(label: string): string {
  return LABELS.find(([pattern]) => pattern.test(label))?.[1] ?? `a block "${printable(label, 40)}"`
}

const BEGINNINGS: [RegExp, string][] = [
  [/^\s*(<!doctype html|<html|<head|<body)/i, 'an HTML page'],
  [/^\s*<\?xml/i, 'XML'],
  [/^\s*[[{]/, 'JSON'],
  [/^PK\x03\x04/, 'a ZIP archive'],
  [/^\x1f\x8b/, 'gzip-compressed data'],
  [/^%PDF-/, 'a PDF document'],
  [/^(ssh-|ecdsa-sha2-)/, 'an SSH public key'],
  [/^\xfe\xed\xfe\xed/, 'a Java keystore'],
]

/** What a file is that is no container of ours, as far as its beginning shows. */
export function whatItIs(bytes: Buffer): string {
  const start = bytes.toString('latin1', 0, 512)
  const known = BEGINNINGS.find(([pattern]) => pattern.test(start))?.[1]
  if (known) return known
  if (bytes[0] === 0x30) return whatDerIs(bytes)
  return /^[\t\n\r\x20-\x7e\x80-\xff]*$/.test(start) ? 'other text' : 'other data'
}

function whatDerIs(bytes: Buffer): string {
  try {
    const [first, second] = children(readElement(bytes))
    if (first?.tag !== Tag.sequence) return 'other DER data'
    const fields = children(first)
    // RFC 2986 §4.1 begins with version 0 and a name; RFC 5280 §5.1 has a time as fourth or fifth field.
    if (fields[0]?.content.equals(Buffer.of(0)) && fields[0].tag === Tag.integer) return 'a certification request (CSR)'
    if (fields.some(({tag}) => tag === Tag.utcTime || tag === Tag.generalizedTime)) return 'a revocation list'
    if (second?.tag === Tag.octetString) return 'an encrypted private key'
    return second?.tag === Tag.bitString ? 'a public key' : 'other DER data'
  } catch {
    return 'damaged or cut DER data'
  }
}
