import type {MailOptions} from '../../mail/envelope.ts'
import type {DsnAction} from './report.ts'

/** Octets up to which a message is returned whole: where RET=FULL asked for it, and where nobody said. */
export const LARGEST_RETURN = 256 * 1024
export const LARGEST_UNASKED = 64 * 1024
const LARGEST_HEADERS = 64 * 1024
// RFC 5322 §2.1.1.
const LONGEST_LINE = 998

/** Octets up to which the message is returned whole; 0: the headers alone. */
export function largestReturn(kind: DsnAction, {ret, requireTls, body}: MailOptions): number {
  // RFC 3461 §4.3: RET speaks of failures. RFC 8689 §5: RET=FULL is disregarded. RFC 3030 §3: binary needs BDAT.
  if (kind !== 'failed' || requireTls || body === 'binarymime' || ret === 'hdrs') return 0
  return ret === 'full' ? LARGEST_RETURN : LARGEST_UNASKED
}

/** What of the message a report returns: all of it up to `largest` octets where it is fit to travel, else the headers. */
export async function readOriginal(
  body: AsyncIterable<Buffer>,
  largest: number,
): Promise<{part: 'full' | 'headers'; octets: Buffer}> {
  const most = Math.max(largest, LARGEST_HEADERS)
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of body) {
    chunks.push(chunk)
    length += chunk.length
    if (length > most || (largest === 0 && chunk.includes('\r\n\r\n'))) break
  }
  const octets = Buffer.concat(chunks)
  if (length <= largest && longestLine(octets) <= LONGEST_LINE) return {part: 'full', octets}
  return {part: 'headers', octets: headersOf(octets)}
}

function headersOf(message: Buffer): Buffer {
  const end = message.indexOf('\r\n\r\n')
  const section = message.subarray(0, Math.min(end < 0 ? message.length : end, LARGEST_HEADERS)).toString('latin1')
  const lines = section.split('\r\n').map((line) => line.slice(0, LONGEST_LINE))
  return Buffer.from(`${lines.join('\r\n')}\r\n`, 'latin1')
}

function longestLine(octets: Buffer): number {
  let longest = 0
  for (let at = 0; at < octets.length; ) {
    const end = octets.indexOf('\r\n', at)
    longest = Math.max(longest, (end < 0 ? octets.length : end) - at)
    at = end < 0 ? octets.length : end + 2
  }
  return longest
}
