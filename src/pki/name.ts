import {isUtf8} from 'node:buffer'
import {children, type Element, oidText} from './der.ts'

// RFC 4514 §3 and what certificates of this field carry besides; any other type is written as its dotted OID.
const TYPES: Record<string, string> = {
  '2.5.4.3': 'CN',
  '2.5.4.4': 'SN',
  '2.5.4.5': 'serialNumber',
  '2.5.4.6': 'C',
  '2.5.4.7': 'L',
  '2.5.4.8': 'ST',
  '2.5.4.9': 'STREET',
  '2.5.4.10': 'O',
  '2.5.4.11': 'OU',
  '2.5.4.12': 'title',
  '2.5.4.42': 'GN',
  '2.5.4.97': 'organizationIdentifier',
  '0.9.2342.19200300.100.1.1': 'UID',
  '0.9.2342.19200300.100.1.25': 'DC',
  '1.2.840.113549.1.9.1': 'emailAddress',
}

// RFC 5280 appendix A.1 ends names at 64 characters or a few more; beyond this it is noise.
const LONGEST_VALUE = 200

/** A distinguished name as attributes, in the order of the certificate. */
export interface NameAttribute {
  /** `CN`, `O` … or a dotted OID. */
  type: string
  /** Decoded, not escaped. */
  value: string
}

/** Reads a Name (RFC 5280 §4.1.2.4): one list of attributes for each relative name. Throws BerError. */
export function readName(name: Element): NameAttribute[][] {
  return children(name).map((relative) => children(relative).map(readAttribute))
}

function readAttribute(attribute: Element): NameAttribute {
  const [oid, value] = children(attribute)
  const dotted = oid ? oidText(oid) : ''
  return {type: TYPES[dotted] ?? dotted, value: value ? decodeText(value) : ''}
}

/** RFC 4514 text, most specific first: `CN=mx1.example.mil,O=Example`. Control characters come out as `\0a`. */
export function formatName(name: NameAttribute[][]): string {
  return [...name]
    .reverse()
    .map((relative) => relative.map(({type, value}) => `${type}=${escapeValue(value)}`).join('+'))
    .join(',')
}

function escapeValue(value: string): string {
  const shown = value.length > LONGEST_VALUE ? `${value.slice(0, LONGEST_VALUE)}…` : value
  return escapeControls(shown.replace(/[,+"\\<>;]/g, '\\$&').replace(/^[ #]| $/g, '\\$&'), hexPairs)
}

// RFC 4514 §2.4: an octet may be written as backslash and two hex digits, so NUL reads `\00`.
function hexPairs(character: string): string {
  return Buffer.from(character).toString('hex').replace(/../g, '\\$&')
}

/**
 * Text of an alternative name. A NUL in the middle, the old trick against C strings, is shown and so matches nothing.
 */
export function escapeAltName(octets: Buffer): string {
  return escapeControls(octets.toString('latin1'), (c) => `\\x${c.charCodeAt(0).toString(16).padStart(2, '0')}`)
}

function escapeControls(text: string, replacement: (character: string) => string): string {
  return text.replace(/[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g, replacement)
}

// X.680 §41: the string types that DirectoryString and its kin allow.
function decodeText({tag, content}: Element): string {
  if (tag === 0x1e) return utf16(content)
  if (tag === 0x1c) return utf32(content)
  return isUtf8(content) ? content.toString('utf8') : content.toString('latin1')
}

function utf16(bigEndian: Buffer): string {
  const even = bigEndian.subarray(0, bigEndian.length & ~1)
  return Buffer.from(even).swap16().toString('utf16le')
}

function utf32(bigEndian: Buffer): string {
  let text = ''
  for (let at = 0; at + 4 <= bigEndian.length; at += 4) {
    const point = bigEndian.readUInt32BE(at)
    text += point <= 0x10ffff ? String.fromCodePoint(point) : '\ufffd'
  }
  return text
}
