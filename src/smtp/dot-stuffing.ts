const [CR, LF, DOT] = [0x0d, 0x0a, 0x2e]

/**
 * Gives every line of a message its CRLF, block by block. A CR or LF alone becomes a CRLF: sent bare, some receiver would
 * take it for a line end of the protocol (CVE-2023-51764).
 */
export class LineEnds {
  #last = LF
  readonly #insertion: typeof missingLineEnd

  constructor(insertion = missingLineEnd) {
    this.#insertion = insertion
  }

  convert(block: Buffer): Buffer {
    const pieces: Buffer[] = []
    let from = 0
    for (let i = 0; i < block.length; i++) {
      const octet = block[i]!
      const before = i > 0 ? block[i - 1]! : this.#last
      const missing = this.#insertion(before, octet)
      if (missing === null) continue
      pieces.push(block.subarray(from, i), missing)
      from = i
    }
    if (block.length > 0) this.#last = block[block.length - 1]!
    return from === 0 && pieces.length === 0 ? block : Buffer.concat([...pieces, block.subarray(from)])
  }

  /** The line end that the last line may lack. */
  end(): Buffer {
    return Buffer.from(this.#last === LF ? '' : this.#last === CR ? '\n' : '\r\n')
  }
}

/** Makes a message fit for DATA (RFC 5321 §4.5.2): a dot at the start of a line is doubled as well. */
export class DotStuffer {
  readonly #lines = new LineEnds(insertion)

  stuff(block: Buffer): Buffer {
    return this.#lines.convert(block)
  }

  /** The end of the message, with the line end that it may lack. */
  end(): Buffer {
    return Buffer.concat([this.#lines.end(), Buffer.from('.\r\n')])
  }
}

const DOUBLED = Buffer.from('.')
const LF_THEN_DOT = Buffer.from('\n.')
const MISSING_LF = Buffer.from('\n')
const MISSING_CR = Buffer.from('\r')

/** What has to stand between two octets that follow each other; null for nothing. */
function insertion(before: number, octet: number): Buffer | null {
  if (octet !== DOT) return missingLineEnd(before, octet)
  if (before === CR) return LF_THEN_DOT
  return before === LF ? DOUBLED : null
}

function missingLineEnd(before: number, octet: number): Buffer | null {
  if (before === CR && octet !== LF) return MISSING_LF
  return octet === LF && before !== CR ? MISSING_CR : null
}
