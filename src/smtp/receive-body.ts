import type {Reply} from '../mail/reply.ts'
import {DataDecoder} from './receive-data.ts'
import {REPLIES} from './receive-replies.ts'
import type {BodySink} from './receiver.ts'

export interface BodyRules {
  /** Octets, decoded. */
  messageSize: number
  refuseBareLf: boolean
}

/**
 * A message on its way into the sink. One that breaks a rule is read to its end, so that the session stays in step, but
 * from there on nothing of it is kept. Whether it came by DATA or by BDAT, the same rules are applied to it here.
 */
export class IncomingBody {
  readonly #sink: BodySink
  readonly #rules: BodyRules
  readonly #decoder: DataDecoder
  #size = 0
  #refusal: Reply | null = null

  constructor(sink: BodySink, rules: BodyRules, framing: 'dots' | 'chunks') {
    this.#sink = sink
    this.#rules = rules
    this.#decoder = new DataDecoder(framing)
  }

  /** Why nothing more of it is kept; null: all is well so far. Of several reasons the same one, however the octets came. */
  get refusal(): Reply | null {
    return this.#refusal && (this.#broken() ?? this.#refusal)
  }

  /** Octets it may still have. */
  get room(): number {
    return this.#rules.messageSize - this.#size
  }

  /** Takes octets from the wire; what follows the final dot is given back, null while there was none. */
  async take(octets: Buffer): Promise<Buffer | null> {
    const {body, rest} = this.#decoder.decode(octets)
    this.#size += body.length
    if (!this.#refusal) await this.#keep(body)
    return rest
  }

  /** The answer to the whole message. RFC 5321 §6.1: with a 250 we answer for it, so whatever fails before is a 451. */
  async end(): Promise<Reply> {
    if (!this.#refusal) await this.#keep(this.#decoder.finish())
    if (this.refusal) return this.refusal
    try {
      return await this.#sink.end()
    } catch {
      await this.abort()
      return REPLIES.localError
    }
  }

  async refuse(refusal: Reply): Promise<void> {
    if (this.#refusal) return
    this.#refusal = refusal
    await this.abort(this.refusal ?? refusal)
  }

  async abort(refusal?: Reply): Promise<void> {
    await this.#sink.abort(refusal).catch(() => {})
  }

  async #keep(body: Buffer): Promise<void> {
    const refusal = this.#broken() ?? (await this.#written(body))
    if (refusal) await this.refuse(refusal)
  }

  #broken(): Reply | null {
    const {bareCr, bareLf, nul} = this.#decoder
    if (bareCr || (bareLf && this.#rules.refuseBareLf)) return REPLIES.bareLineEnds
    // RFC 6152 §3, RFC 2045 §2.8. A reader that drops NULs would see another line, and perhaps a dot alone on it.
    if (nul) return REPLIES.nulOctet
    return this.room < 0 ? REPLIES.tooLarge : null
  }

  async #written(body: Buffer): Promise<Reply | null> {
    if (body.length === 0) return null
    try {
      await this.#sink.write(body)
      return null
    } catch {
      return REPLIES.localError
    }
  }
}
