import type {MailOptions, RecipientOptions} from '../mail/envelope.ts'
import type {Reply} from '../mail/reply.ts'
import type {Parameter} from './receive-command.ts'
import {REPLIES} from './receive-replies.ts'

/** One parameter that an extension defines: it reads the value into the options, or says what is wrong. */
interface ParameterKind<Options> {
  extension: string
  read(value: string, options: Options): Reply | null
  /** The parameter is a word without a value. */
  bare?: true
}

// RFC 3461 §4: xtext, and RFC 6533 §3 for the forms that SMTPUTF8 adds (checked as xtext or as printable text).
const XTEXT = /^(?:[\x21-\x2a\x2c-\x3c\x3e-\x7e]|\+[0-9A-F]{2})*$/
const UTF8_XTEXT = /^[\x21-\x3c\x3e-\x7e\u0080-\u{10ffff}]*$/u

const MAIL: Record<string, ParameterKind<MailOptions & {size?: number}>> = {
  // RFC 1870 §6: at most 20 digits.
  SIZE: {extension: 'SIZE', read: (value, options) => set(/^\d{1,20}$/.test(value), () => (options.size = +value))},
  // RFC 6152 §2.
  BODY: {
    extension: '8BITMIME',
    read: (value, options) =>
      set(/^(7BIT|8BITMIME)$/i.test(value), () => (options.body = value.toLowerCase() as '7bit' | '8bitmime')),
  },
  SMTPUTF8: {extension: 'SMTPUTF8', bare: true, read: (_, options) => set(true, () => (options.smtputf8 = true))},
  // RFC 8689 §3; offered inside TLS alone, so that in clear text it is a parameter that nobody knows.
  REQUIRETLS: {extension: 'REQUIRETLS', bare: true, read: (_, options) => set(true, () => (options.requireTls = true))},
  // RFC 4954 §5: who wrote it first, as the client has it. Nobody can know, so that it is read and not handed on.
  AUTH: {extension: 'AUTH', read: (value) => set(value === '<>' || XTEXT.test(value), () => {})},
  // RFC 3461 §4.3.
  RET: {
    extension: 'DSN',
    read: (value, options) =>
      set(/^(FULL|HDRS)$/i.test(value), () => (options.ret = value.toLowerCase() as 'full' | 'hdrs')),
  },
  // RFC 3461 §4.4: at most 100 characters.
  ENVID: {
    extension: 'DSN',
    read: (value, options) => set(value.length <= 100 && XTEXT.test(value), () => (options.envid = value)),
  },
}

const RCPT: Record<string, ParameterKind<RecipientOptions>> = {
  // RFC 3461 §4.1: NEVER stands alone.
  NOTIFY: {
    extension: 'DSN',
    read: (value, options) => {
      const words = value.toLowerCase().split(',') as NonNullable<RecipientOptions['notify']>
      const known = words.every((word) => ['never', 'success', 'failure', 'delay'].includes(word))
      const alone = !words.includes('never') || words.length === 1
      return set(known && alone, () => (options.notify = [...new Set(words)]))
    },
  },
  // RFC 3461 §4.2: at most 500 characters.
  ORCPT: {
    extension: 'DSN',
    read: (value, options) => {
      const [, type, address] = /^([A-Za-z0-9-]+);(.+)$/u.exec(value) ?? []
      const form = type?.toLowerCase() === 'utf-8' ? UTF8_XTEXT : XTEXT
      return set(value.length <= 500 && form.test(address ?? '\n'), () => (options.orcpt = value))
    },
  },
}

/** What MAIL FROM was given, or the reply that refuses it. `size` is what the client announced (RFC 1870 §6.1). */
export function mailOptions(
  parameters: Parameter[],
  offered: ReadonlySet<string>,
): {options: MailOptions; size: number} | {refusal: Reply} {
  const read: MailOptions & {size?: number} = {}
  const refusal = readAll(parameters, MAIL, offered, read)
  const {size = 0, ...options} = read
  return refusal ? {refusal} : {options, size}
}

/** Parameters of RCPT (RFC 3461 §4). `offered` are the extensions of this session; `smtputf8`: MAIL asked for it. */
export function recipientOptions(
  parameters: Parameter[],
  offered: ReadonlySet<string>,
  smtputf8: boolean,
): {options: RecipientOptions} | {refusal: Reply} {
  // RFC 6533 §3: without SMTPUTF8 the original recipient is written in ASCII.
  const plain = smtputf8 || parameters.every(({value}) => !/[^\x00-\x7f]/.test(value ?? ''))
  const options: RecipientOptions = {}
  const refusal = plain ? readAll(parameters, RCPT, offered, options) : REPLIES.needsUtf8
  return refusal ? {refusal} : {options}
}

function readAll<Options>(
  parameters: Parameter[],
  kinds: Record<string, ParameterKind<Options>>,
  offered: ReadonlySet<string>,
  options: Options,
): Reply | null {
  for (const {keyword, value} of parameters) {
    const kind = Object.hasOwn(kinds, keyword) ? kinds[keyword] : undefined
    // RFC 5321 §4.1.1.11.
    if (!kind || !offered.has(kind.extension)) return REPLIES.unknownParameter
    if ((value === null) !== (kind.bare === true)) return REPLIES.badParameter
    const refusal = kind.read(value ?? '', options)
    if (refusal) return refusal
  }
  return null
}

function set(good: boolean, assign: () => unknown): Reply | null {
  if (!good) return REPLIES.badParameter
  assign()
  return null
}
