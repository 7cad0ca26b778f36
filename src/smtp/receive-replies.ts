import type {Reply} from '../mail/reply.ts'

// RFC 5321 §4.5.3.1.5: a reply line has at most 512 octets, code and CRLF included.
const LONGEST_TEXT = 500

/** A line has its enhanced status code in front, where there is one. */
export function reply(code: number, ...lines: string[]): Reply {
  return {code, lines}
}

/** Replies that are always the same. Texts are generic on purpose: the detail is for the log. */
export const REPLIES = {
  ok: reply(250, '2.0.0 OK'),
  senderOk: reply(250, '2.1.0 sender OK'),
  recipientOk: reply(250, '2.1.5 recipient OK'),
  startMail: reply(354, 'end data with <CR><LF>.<CR><LF>'),
  readyForTls: reply(220, '2.0.0 ready to start TLS'),
  help: reply(214, '2.0.0 EHLO HELO STARTTLS AUTH MAIL RCPT DATA BDAT RSET VRFY NOOP HELP QUIT'),
  cannotVerify: reply(252, '2.0.0 send mail, and delivery will be tried'),
  unknownCommand: reply(500, '5.5.1 command not recognized'),
  notImplemented: reply(502, '5.5.1 command not implemented'),
  tooLong: reply(500, '5.5.2 line too long'),
  bareLineFeed: reply(500, '5.5.2 a line must end with <CR><LF>'),
  notText: reply(500, '5.5.2 a line must not hold control characters or text that is not UTF-8'),
  badArgument: reply(501, '5.5.4 syntax error in argument'),
  noArgument: reply(501, '5.5.4 no argument allowed'),
  badSender: reply(553, '5.1.7 sender address syntax error'),
  badRecipient: reply(553, '5.1.3 recipient address syntax error'),
  needsUtf8: reply(553, '5.6.7 address needs SMTPUTF8'),
  unknownParameter: reply(555, '5.5.4 parameter not recognized'),
  badParameter: reply(501, '5.5.4 syntax error in parameter'),
  helloFirst: reply(503, '5.5.1 send EHLO first'),
  nestedMail: reply(503, '5.5.1 a mail transaction is open already'),
  mailFirst: reply(503, '5.5.1 send MAIL first'),
  rcptFirst: reply(503, '5.5.1 send RCPT first'),
  noRecipients: reply(554, '5.5.1 no valid recipients'),
  tooManyRecipients: reply(452, '4.5.3 too many recipients'),
  tooLarge: reply(552, '5.3.4 message too big'),
  nulOctet: reply(550, '5.6.0 message holds a NUL'),
  chunkSize: reply(501, '5.5.4 syntax error in the size of the chunk'),
  outOfStep: reply(421, '4.5.0 closing: what follows the chunk size cannot be read'),
  chunksBegun: reply(503, '5.5.1 the message is coming by BDAT, send the rest or RSET'),
  tooEarly: reply(554, '5.5.1 client speaks before the greeting'),
  bareLineEnds: reply(550, '5.6.0 message holds a bare <CR> or <LF>'),
  tlsIsOn: reply(503, '5.5.1 TLS is on already'),
  localError: reply(451, '4.3.0 local error, try again later'),
  tooManyErrors: reply(421, '4.7.0 too many errors'),
  timeout: reply(421, '4.4.2 time-out'),
  stopping: reply(421, '4.3.2 closing, try again later'),
} satisfies Record<string, Reply>

/** A reply as it goes out (RFC 5321 §4.2.1). Whatever text it was given, exactly one well-formed reply comes of it. */
export function formatReply({code, lines}: Reply): string {
  const texts = lines.length === 0 ? [''] : lines
  const last = texts.length - 1
  return texts.map((text, i) => `${code}${i === last ? ' ' : '-'}${safeText(text)}\r\n`).join('')
}

function safeText(text: string): string {
  return text.replace(/[\x00-\x08\x0a-\x1f\x7f]/g, '?').slice(0, LONGEST_TEXT)
}
