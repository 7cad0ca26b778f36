/** Where a message has octets above 127. */
export interface EightBit {
  /** In the header of the message or of one of its parts: only SMTPUTF8 carries that (RFC 6532 §3.2). */
  header: boolean
  /** Behind it: 8BITMIME carries that (RFC 6152). */
  body: boolean
}

const LF = 0x0a
/** What has to be known of a line to tell a header field from text. */
const PREFIX = 80
const FIELD = /^[\x21-\x39\x3b-\x7e]+:/
const BOUNDARY = /^--[^\s-]/

/** Reads the message once, with bounded memory, and stops as soon as nothing new can be found. */
export async function scanContent(body: AsyncIterable<Buffer>): Promise<EightBit> {
  const scan = new ContentScan()
  for await (const block of body) {
    scan.take(block)
    if (scan.found.header && scan.found.body) break
  }
  return scan.end()
}

class ContentScan {
  readonly found: EightBit = {header: false, body: false}
  #place: 'header' | 'part-header' | 'body' = 'header'
  #prefix = ''
  #eightBit = false

  take(block: Buffer): void {
    let from = 0
    for (let end = block.indexOf(LF); end >= 0; end = block.indexOf(LF, from)) {
      this.#piece(block.subarray(from, end))
      this.#lineEnds()
      from = end + 1
    }
    this.#piece(block.subarray(from))
  }

  end(): EightBit {
    this.#lineEnds()
    return this.found
  }

  #piece(octets: Buffer): void {
    if (this.#prefix.length < PREFIX) this.#prefix += octets.toString('latin1', 0, PREFIX)
    this.#eightBit ||= octets.some((octet) => octet > 127)
  }

  #lineEnds(): void {
    const line = this.#prefix.replace(/\r$/, '')
    // What looks like a boundary may be a line of text: only fields behind it make it the header of a part.
    if (this.#place === 'part-header' && !FIELD.test(line) && !/^[ \t]/.test(line)) this.#place = 'body'
    if (line === '') this.#place = 'body'
    if (this.#eightBit) this.found[this.#place === 'body' ? 'body' : 'header'] = true
    if (this.#place === 'body' && BOUNDARY.test(line)) this.#place = 'part-header'
    this.#prefix = ''
    this.#eightBit = false
  }
}
