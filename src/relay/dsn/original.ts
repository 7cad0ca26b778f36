/** A message is returned whole up to this many octets, also with RET=FULL. */
export const LARGEST_RETURN = 256 * 1024
const LARGEST_HEADERS = 64 * 1024
// RFC 5322 §2.1.1.
const LONGEST_LINE = 998

/** What of the message a report returns: all of it where that was asked for (RFC 3461 §4.3) and is fit to travel. */
export async function readOriginal(
  body: AsyncIterable<Buffer>,
  wanted: 'full' | 'headers',
): Promise<{part: 'full' | 'headers'; octets: Buffer}> {
  const most = wanted === 'full' ? LARGEST_RETURN : LARGEST_HEADERS
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of body) {
    chunks.push(chunk)
    length += chunk.length
    if (length > most || (wanted === 'headers' && chunk.includes('\r\n\r\n'))) break
  }
  const octets = Buffer.concat(chunks)
  if (wanted === 'full' && length <= most && longestLine(octets) <= LONGEST_LINE) return {part: 'full', octets}
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
