import type {MailAddress} from '../mail/address.ts'

export interface Letter {
  /** null is the null sender. */
  from: MailAddress | null
  to: MailAddress[]
  subject?: string | undefined
  body?: string | undefined
  /** Octets of a file: a whole message where it begins with header fields, else the body. */
  file?: Buffer | undefined
}

// Enough to tell a message from a text that happens to begin with "Note:".
const HEADER_FIELD =
  /^(?:from|to|cc|subject|date|message-id|mime-version|received|return-path|content-type|reply-to|sender):/i

/** A message as it goes out: CRLF line ends, no line of a body too long to travel. */
export async function composeMessage(letter: Letter, now: number, hostname: string): Promise<Buffer> {
  const {file, subject} = letter
  if (file && subject === undefined && HEADER_FIELD.test(file.toString('latin1', 0, 40))) return withLineEnds(file)
  const {default: MailComposer} = await import('nodemailer/lib/mail-composer')
  const message = await new MailComposer({
    from: letter.from?.text ?? `MAILER-DAEMON@${hostname}`,
    to: letter.to.map(({text}) => text),
    subject: subject ?? 'A message from Postern',
    text: file?.toString('utf8') ?? letter.body ?? 'This message was sent with postern send.\n',
    date: new Date(now),
    disableFileAccess: true,
    disableUrlAccess: true,
  })
    .compile()
    .build()
  return withLineEnds(message)
}

/** RFC 5321 §2.3.8: lines end in CRLF, and neither character stands alone. */
function withLineEnds(message: Buffer): Buffer {
  const text = message.toString('latin1').replace(/\r\n|\r|\n/g, '\r\n')
  return Buffer.from(text.endsWith('\r\n') ? text : `${text}\r\n`, 'latin1')
}
