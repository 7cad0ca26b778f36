/** One block of a PEM text (RFC 7468). */
export interface PemBlock {
  /** `CERTIFICATE`, `RSA PRIVATE KEY` … */
  label: string
  /** The block with its two lines, as it stands in the text. */
  text: string
  /** Decoded; empty when the body is no base64. */
  bytes: Buffer
  /** Where in the text the block begins. */
  offset: number
  /** The closing line is there. */
  isWhole: boolean
}

const BEGIN = '-----BEGIN '
const DASHES = '-----'
const LONGEST_LABEL = 64

/**
 * The blocks of a text, in order; whatever stands around them is explanatory text (RFC 7468 §2). One pass, whatever
 * comes: no two dashes are looked at twice.
 */
export function pemBlocks(text: string): PemBlock[] {
  const blocks: PemBlock[] = []
  for (let at = text.indexOf(BEGIN); at >= 0; ) {
    const labelEnd = text.indexOf(DASHES, at + BEGIN.length)
    if (labelEnd < 0) break
    const label = text.slice(at + BEGIN.length, labelEnd)
    const next = labelEnd - at > LONGEST_LABEL || /[\r\n]/.test(label) ? null : readBlock(text, at, labelEnd, label)
    if (next) blocks.push(next)
    at = text.indexOf(BEGIN, next ? at + next.text.length : labelEnd)
  }
  return blocks
}

function readBlock(text: string, at: number, labelEnd: number, label: string): PemBlock {
  const bodyStart = labelEnd + DASHES.length
  // Base64 has no dash, so the next dashes must be the closing line.
  const close = text.indexOf(DASHES, bodyStart)
  const closing = `${DASHES}END ${label}${DASHES}`
  const isWhole = close >= 0 && text.startsWith(closing, close)
  const end = isWhole ? close + closing.length : close < 0 ? text.length : close
  const body = text.slice(bodyStart, close < 0 ? text.length : close)
  return {label, offset: at, text: text.slice(at, end), bytes: fromBase64(withoutHeaders(body)), isWhole}
}

// RFC 1421 §4.6: headers such as Proc-Type end at an empty line.
function withoutHeaders(body: string): string {
  if (!body.includes(':')) return body
  return body.split(/\r?\n[ \t]*\r?\n/, 2)[1] ?? ''
}

/** Decodes base64 with white space in it; empty when there is anything else. */
export function fromBase64(text: string): Buffer {
  return /^[A-Za-z0-9+/\s]*={0,2}\s*$/.test(text) ? Buffer.from(text, 'base64') : Buffer.alloc(0)
}

/** Bytes as text: UTF-8, or UTF-16 as Windows editors save it. */
export function decodeText(bytes: Buffer): string {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return bytes.subarray(2).toString('utf16le')
  return bytes.toString('latin1')
}
