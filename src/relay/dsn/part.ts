import {isUtf8} from 'node:buffer'

/** One body part: header lines without line ends, and its content as it travels. */
export interface Part {
  head: string[]
  content: Buffer
}

/** Text travels in seven bits; so does the report then, and reaches hosts without 8BITMIME too. */
export function partOf(type: string, content: Buffer, description: string): Part {
  const [encoding, encoded] = encode(type, content)
  return {
    head: [`Content-Type: ${type}`, `Content-Transfer-Encoding: ${encoding}`, `Content-Description: ${description}`],
    content: encoded,
  }
}

/** What is returned of the message. A header that is neither ASCII nor UTF-8 can only travel as text. */
export function originalPart({part, octets}: {part: 'full' | 'headers'; octets: Buffer}): Part {
  const header = part === 'full' ? octets.subarray(0, Math.max(octets.indexOf('\r\n\r\n'), 0)) : octets
  const global = !isSevenBit(header) && isUtf8(header)
  if (part === 'full') return partOf(global ? 'message/global' : 'message/rfc822', octets, 'Your message')
  return partOf(global ? 'message/global-headers' : 'text/rfc822-headers', octets, 'Headers of your message')
}

export function isSevenBit(octets: Buffer): boolean {
  return octets.every((octet) => octet < 0x80)
}

// RFC 2046 §5.2.1: a message is not encoded; RFC 6532 §3.7 would allow it for the global types and recommends 8bit.
function encode(type: string, content: Buffer): [string, Buffer] {
  if (isSevenBit(content)) return ['7bit', content]
  if (type.startsWith('message/')) return ['8bit', content]
  return ['quoted-printable', Buffer.from(quotedPrintable(content))]
}

// RFC 2045 §6.7: lines of at most 76 characters, no soft break inside an escape, no blank before a line end.
function quotedPrintable(content: Buffer): string {
  return content
    .toString('latin1')
    .replace(/[^\r\n\t\x20-\x3c\x3e-\x7e]|[\t ](?=\r\n|$)/g, (char) => {
      return `=${char.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`
    })
    .replace(/(?=[^\r\n]{77})[^\r\n]{1,75}(?<!=[0-9A-F]?)/g, '$&=\r\n')
}
