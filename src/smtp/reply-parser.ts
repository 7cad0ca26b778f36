import {printable} from '../mail/domain.ts'
import type {Reply} from '../mail/reply.ts'
import {SmtpError} from './error.ts'

/** Most lines of one reply, and most characters of all of them: an endless banner ends here. */
export const MOST_REPLY_LINES = 200
export const LONGEST_REPLY = 65_536

/** Puts one reply together from its lines (RFC 5321 §4.2.1). A parser serves one reply. */
export class ReplyParser {
  #code: string | null = null
  #lines: string[] = []
  #length = 0

  /** The reply, once its last line came; null while lines are missing. Throws `smtp-protocol-error`. */
  push(line: string): Reply | null {
    const found = /^([2-5]\d\d)(?:([ -])(.*))?$/s.exec(line)
    if (!found) throw new SmtpError('smtp-protocol-error', `the peer sent "${printable(line, 80)}", which is no reply`)
    const [, code, separator, text] = found
    if (this.#code !== null && code !== this.#code) {
      throw new SmtpError('smtp-protocol-error', `the peer changed from ${this.#code} to ${code} within one reply`)
    }
    this.#code = code!
    this.#add(text ?? '')
    return separator === '-' ? null : {code: Number(code), lines: this.#lines}
  }

  /** True when a reply has begun and not ended. */
  get partial(): boolean {
    return this.#code !== null
  }

  #add(text: string): void {
    this.#lines.push(text)
    this.#length += text.length
    if (this.#lines.length > MOST_REPLY_LINES || this.#length > LONGEST_REPLY) {
      throw new SmtpError('smtp-protocol-error', 'the reply of the peer has no end')
    }
  }
}
