/** xtext (RFC 3461 §4): printable ASCII, with "+", "=" and everything else as +HH of its octets. */
export function encodeXtext(text: string): string {
  return text.replace(/[^\x21-\x7e]|[+=]/gu, (char) =>
    [...Buffer.from(char)].map((octet) => `+${octet.toString(16).toUpperCase().padStart(2, '0')}`).join(''),
  )
}

/** What is not xtext comes back as it is. From outside: not safe to print. */
export function decodeXtext(text: string): string {
  return text.replace(/(\+[0-9A-F]{2})+/g, (run) => Buffer.from(run.replaceAll('+', ''), 'hex').toString('utf8'))
}

/** The address of an ORCPT parameter (RFC 3461 §4.2), decoded; null where the parameter has not the form `type;address`. */
export function readOriginalRecipient(orcpt: string): {type: string; address: string} | null {
  const [, type, encoded] = /^([A-Za-z0-9-]+);(.+)$/u.exec(orcpt) ?? []
  if (!type || !encoded) return null
  const address = decodeXtext(encoded)
  return {type, address: type.toLowerCase() === 'utf-8' ? readEmbedded(address) : address}
}

/** The ORCPT parameter that preserves an address; UTF-8 is left as it is (RFC 6533 §3, `utf-8-addr-unitext`). */
export function writeOriginalRecipient(address: string): string {
  if (/^[\x00-\x7f]*$/.test(address)) return `rfc822;${encodeXtext(address)}`
  return `utf-8;${address.replace(/[\x00-\x20\x7f+=\\]/g, embedded)}`
}

/** For whoever takes ASCII only: every other character as `\x{HEX}` (RFC 6533 §3, `utf-8-addr-xtext`). */
export function embedUtf8(text: string): string {
  return text.replace(/[^\x00-\x7f]/gu, embedded)
}

function embedded(char: string): string {
  return `\\x{${char.codePointAt(0)!.toString(16).toUpperCase().padStart(2, '0')}}`
}

function readEmbedded(text: string): string {
  return text.replace(/\\x\{([0-9A-Fa-f]{2,6})\}/g, (whole, digits) => {
    const point = Number.parseInt(digits, 16)
    return point <= 0x10ffff && (point < 0xd800 || point > 0xdfff) ? String.fromCodePoint(point) : whole
  })
}
