import {printable} from '../mail/domain.ts'

/** Decodes xtext (RFC 3461 §4) for people and reports. What is not xtext comes back as it is, made safe to print. */
export function decodeXtext(text: string): string {
  const decoded = text.replace(/(\+[0-9A-F]{2})+/g, (run) =>
    Buffer.from(run.replaceAll('+', ''), 'hex').toString('utf8'),
  )
  return printable(decoded, 500)
}
