import {isIP} from 'node:net'
import {domainToASCII, domainToUnicode} from 'node:url'
import {Exit, PosternError} from './error.ts'

// RFC 3696 §2: the last label is never all digits; a name like 127.1 or 0x7f.1 is an address to many a library.
const NUMERIC_END = /(^|\.)(\d+|0x[0-9a-f]*)$/
const LABEL = /^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?$/

/** A domain name in its one canonical form: A-labels, lower case, no trailing dot (RFC 5890 §2.3.2.1, RFC 5321 §2.3.5). */
export class Domain {
  /** A-label form: what goes on the wire. */
  readonly ascii: string

  private constructor(ascii: string) {
    this.ascii = ascii
  }

  /** Accepts A-labels, U-labels and one trailing dot. Throws `domain-invalid` (exit 64). */
  static parse(text: string): Domain {
    const domain = Domain.tryParse(text)
    if (domain) return domain
    throw new PosternError('domain-invalid', `"${printable(text)}" is not a domain name`, {
      exit: Exit.usage,
      hints: ['a domain looks like example.mil; an address literal like [192.0.2.1]'],
    })
  }

  static tryParse(text: string): Domain | null {
    const bare = text.endsWith('.') ? text.slice(0, -1) : text
    // domainToASCII strips tabs and decodes %xx; only what is written as a name may pass here.
    if (bare === '' || /[\s/\\@:?#%[\]]/.test(bare) || isIP(bare)) return null
    const ascii = isPlain(bare) ? bare.toLowerCase() : domainToASCII(bare)
    if (ascii === '' || ascii.length > 253 || NUMERIC_END.test(ascii)) return null
    return ascii.split('.').every((label) => LABEL.test(label)) ? new Domain(ascii) : null
  }

  /** U-label form, for people. A name in `xn--` that is not the A-label of its decoding would show another domain. */
  get unicode(): string {
    const unicode = domainToUnicode(this.ascii)
    return domainToASCII(unicode) === this.ascii ? unicode : this.ascii
  }

  equals(other: Domain): boolean {
    return this.ascii === other.ascii
  }

  toString(): string {
    return this.ascii
  }

  toJSON(): string {
    return this.ascii
  }
}

function isPlain(text: string): boolean {
  return /^[\x21-\x7e]*$/.test(text)
}

/** Text of unknown origin, made safe to print: control characters escaped, cut at `most` characters. */
export function printable(text: string, most = 200): string {
  const safe = text.replace(/[\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, (c) => {
    return `\\x${c.charCodeAt(0).toString(16).padStart(2, '0')}`
  })
  return safe.length > most ? `${safe.slice(0, most)}…` : safe
}
