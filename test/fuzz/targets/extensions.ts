import {enhancedStatus, replyText} from '../../../src/mail/reply.ts'
import {extensionLines, parseExtensions} from '../../../src/smtp/extensions.ts'
import {holds, same, type Target} from '../target.ts'

/** What EHLO announces, one line of the input for each line of the reply: printed and read again it is the same. */
export function extensions(): Target {
  return {
    name: 'extensions',
    dictionary: [
      ...['SIZE', 'size 10', 'STARTTLS', 'PIPELINING', 'AUTH PLAIN LOGIN', 'AUTH=LOGIN', 'CHUNKING', 'X-', '-', '\n'],
      ...[' ', '\t', '\r', '\u00a0', '\u2028', 'ſ', 'K', 'é', '\0', '__proto__', 'constructor'],
    ],
    check: (input) => {
      const lines = input.toString('utf8').split('\n')
      const found = parseExtensions({code: 250, lines})
      for (const [keyword, parameters] of found) {
        holds(/^[A-Z0-9][A-Z0-9-]*$/.test(keyword), `${keyword} is no keyword`)
        same(parameters, parameters.trim(), 'blanks around the parameters')
        const line = lines.slice(1).find((one) => new RegExp(`^${keyword}(\\s|$)`, 'i').test(one.trim()))
        same(line?.trim().slice(keyword.length).trim(), parameters, 'parameters of another line')
      }
      const announced = lines.slice(1).filter((line) => /^[a-z0-9][a-z0-9-]*(\s|$)/i.test(line.trim()))
      holds(announced.length >= found.size, 'more keywords than lines')
      same(parseExtensions({code: 250, lines: ['', ...extensionLines(found)]}), found, 'printed and read again')
      const status = enhancedStatus({code: 550, lines})
      holds(
        status === null || replyText({code: 550, lines}).startsWith(`550 ${status}`),
        `${status} is not in the reply`,
      )
      return [
        `${Math.min(found.size, 9)} keywords`,
        ...[...found].map(([, parameters]) => `${Math.min(parameters.split(/\s+/).length, 5)} parameters`),
        ...(status ? ['status'] : []),
      ]
    },
  }
}
