const LF = 0x0a
const CR = 0x0d
const DOT = 0x2e

/** What some octets of a message came to. */
export interface DecodedData {
  /** Octets ready for the sink, without dot-stuffing; may be empty. */
  body: Buffer
  /** What follows the final dot and is no longer data; null while the data goes on, and always with BDAT. */
  rest: Buffer | null
}

/**
 * Undoes the dot-stuffing of DATA (RFC 5321 §4.5.2) chunk by chunk. Only CRLF.CRLF ends the data, and only CRLF starts a
 * line for the dot: another reader could take a bare CR or LF for a line end and find a second message behind it (SMTP
 * smuggling). A bare LF comes out as CRLF, which means the same to every reader; a bare CR is noted, and the caller refuses
 * the message. Lines are found with `indexOf`, not octet by octet. The octets of BDAT (RFC 3030 §2) have no dots to
 * undo and no end in them; line ends are treated alike, across the borders of chunks too.
 */
export class DataDecoder {
  bareCr = false
  /** Noted too, for callers that are strict. */
  bareLf = false
  nul = false
  readonly #dots: boolean
  #lineStart = true
  /** The last line that came out has no end yet. */
  #lineOpen = false
  /** The undecided end of the last chunk: CR, or at the start of a line `.` or `.CR`. */
  #carry: Buffer | null = null

  constructor(framing: 'dots' | 'chunks' = 'dots') {
    this.#dots = framing === 'dots'
  }

  decode(arrived: Buffer): DecodedData {
    const chunk = this.#carry ? Buffer.concat([this.#carry, arrived]) : arrived
    this.#carry = null
    const kept = new Kept(chunk)
    let cr = find(chunk, CR, 0)
    for (let at = 0; at < chunk.length; ) {
      const lf = find(chunk, LF, at)
      if (this.#dots && this.#lineStart && chunk[at] === DOT) {
        if (lf === at + 2 && chunk[at + 1] === CR) return {...this.#out(kept, at), rest: chunk.subarray(lf + 1)}
        if (lf < 0 && isUndecided(chunk, at)) return this.#hold(kept, chunk, at)
        kept.leaveOut(at)
        at += 1
        this.#lineStart = false
      }
      // Looked up again only once it is passed: a chunk without any CR is searched once.
      if (cr >= 0 && cr < at) cr = find(chunk, CR, at)
      if (lf < 0) return this.#unfinishedLine(kept, chunk, at, cr)
      this.#endLine(kept, chunk, at, lf, cr)
      at = lf + 1
    }
    return this.#out(kept, chunk.length)
  }

  /** After the last chunk of BDAT: what completes the last line. A CR that no LF follows is a bare one. */
  finish(): Buffer {
    if (this.#carry?.[0] === CR) this.bareCr = true
    this.#carry = null
    return Buffer.from(this.#lineOpen ? '\r\n' : '')
  }

  #endLine(kept: Kept, chunk: Buffer, at: number, lf: number, cr: number): void {
    // After a bare LF no line starts, so that a dot behind it is neither stuffing nor the end.
    this.#lineStart = lf > at && chunk[lf - 1] === CR
    this.#lineOpen = false
    if (cr >= 0 && cr < (this.#lineStart ? lf - 1 : lf)) this.bareCr = true
    if (this.#lineStart) return
    this.bareLf = true
    kept.putCr(lf)
  }

  #unfinishedLine(kept: Kept, chunk: Buffer, at: number, cr: number): DecodedData {
    const last = chunk.length - 1
    const end = last >= at && chunk[last] === CR ? last : chunk.length
    if (cr >= 0 && cr < end) this.bareCr = true
    if (end > at) {
      this.#lineStart = false
      this.#lineOpen = true
    }
    return this.#hold(kept, chunk, end)
  }

  #hold(kept: Kept, chunk: Buffer, end: number): DecodedData {
    // A copy: the view would keep the whole chunk alive.
    if (end < chunk.length) this.#carry = Buffer.from(chunk.subarray(end))
    return this.#out(kept, end)
  }

  #out(kept: Kept, end: number): DecodedData {
    const body = kept.until(end)
    if (body.includes(0)) this.nul = true
    return {body, rest: null}
  }
}

/** `indexOf`, with a look at the next few octets first: for very short lines the call costs more than the search. */
function find(chunk: Buffer, octet: number, from: number): number {
  const near = Math.min(from + 8, chunk.length)
  for (let i = from; i < near; i++) if (chunk[i] === octet) return i
  return chunk.indexOf(octet, near)
}

function isUndecided(chunk: Buffer, at: number): boolean {
  return at + 1 === chunk.length || (at + 2 === chunk.length && chunk[at + 1] === CR)
}

/** A chunk without the dots left out and with the CRs put in; it is copied only when there are such. */
class Kept {
  readonly #chunk: Buffer
  #copy: Buffer | null = null
  #length = 0
  #from = 0

  constructor(chunk: Buffer) {
    this.#chunk = chunk
  }

  leaveOut(index: number): void {
    this.#take(this.#room(), index)
    this.#from = index + 1
  }

  putCr(index: number): void {
    const copy = this.#room()
    this.#take(copy, index)
    copy[this.#length++] = CR
    this.#from = index
  }

  until(end: number): Buffer {
    if (this.#copy === null) return this.#chunk.subarray(0, end)
    this.#take(this.#copy, end)
    return this.#copy.subarray(0, this.#length)
  }

  // Twice the size holds the worst chunk, one of nothing but bare LFs.
  #room(): Buffer {
    this.#copy ??= Buffer.allocUnsafe(this.#chunk.length * 2)
    return this.#copy
  }

  #take(copy: Buffer, end: number): void {
    if (end - this.#from > 16) this.#length += this.#chunk.copy(copy, this.#length, this.#from, end)
    else for (let i = this.#from; i < end; i++) copy[this.#length++] = this.#chunk[i]!
  }
}
