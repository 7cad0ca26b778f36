import {MailAddress, mailDomainText, parseMailDomain} from '../../../src/mail/address.ts'
import {Domain} from '../../../src/mail/domain.ts'
import {decodeXtext, encodeXtext, readOriginalRecipient, writeOriginalRecipient} from '../../../src/mail/xtext.ts'
import {parsePathArgument} from '../../../src/smtp/receive-command.ts'
import {holds, same, type Target} from '../target.ts'

/** Mailboxes, domains, paths and ORCPT: what is accepted is kept as it is, reads again as it was, and has no control characters. */
export function addresses(): Target {
  return {
    name: 'address',
    dictionary: [
      ...[
        '@',
        '.',
        '..',
        '"',
        '\\',
        '\\"',
        '<',
        '>',
        '[',
        ']',
        '[IPv6:::1]',
        '[127.0.0.1]',
        'xn--',
        'xn--bcher-kva',
        'bücher',
      ],
      ...[
        'example',
        '0x7f.1',
        '%00',
        '%2e',
        '\0',
        '\n',
        '\r',
        '\t',
        '\u007f',
        '\u0085',
        '\u00ad',
        '\u200e',
        '\u2028',
        '。',
      ],
      ...['ß', 'İ', 'K', '\ufeff', '𝕏', '+2B', '\\x{40}', 'rfc822;', 'utf-8;', '_', '-', ':', ',', '@a:', ' SIZE=1'],
    ],
    check: (input) => {
      const text = input.toString('utf8')
      const words = [...address(text), ...domain(text)]
      const path = parsePathArgument(`FROM:<${text}>`, 'FROM')
      if (path && !text.startsWith('@') && path.parameters.length === 0)
        same(path.path, text, 'a path that is not as it came')
      same(decodeXtext(encodeXtext(text)), text, 'xtext that decodes to something else')
      holds(/^[\x21-\x7e]*$/.test(encodeXtext(text)), 'xtext that is not printable ASCII')
      return [...words, path ? `path with ${path.parameters.length}` : 'no path']
    },
  }
}

const CONTROL = /[\x00-\x1f\x7f-\x9f\u2028\u2029]/

function address(text: string): string[] {
  const found = MailAddress.tryParse(text)
  if (!found) return []
  same(
    [found.text, `${found.localPart}@`],
    [text, text.slice(0, found.localPart.length + 1)],
    'an address that was changed',
  )
  holds(!CONTROL.test(text), 'a control character in an address')
  const printed = `${found.localPart}@${mailDomainText(found.domain)}`
  const again = MailAddress.tryParse(printed)
  same(again && [again.localPart, again.domain], [found.localPart, found.domain], 'printed and read again')
  // In a command it is the whole path again, byte for byte.
  same(parsePathArgument(`TO:<${text}> X=Y`, 'TO')?.path, text, 'the path of an address')
  const original = readOriginalRecipient(writeOriginalRecipient(text))
  same(original?.address, text, 'the address within ORCPT')
  return [found.needsUtf8 ? 'UTF-8' : 'ASCII', found.localPart.startsWith('"') ? 'quoted' : 'atoms']
}

function domain(text: string): string[] {
  const found = parseMailDomain(text)
  if (!found) return []
  holds(!CONTROL.test(text), 'a control character in a domain')
  const printed = mailDomainText(found)
  same(parseMailDomain(printed), found, 'a domain printed and read again')
  if (!(found instanceof Domain)) return ['literal']
  holds(/^[a-z0-9_.-]+$/.test(printed) && printed.length <= 253, `${printed} is no domain`)
  same(Domain.tryParse(found.unicode)?.ascii, printed, 'its form for people means another domain')
  same(
    Domain.tryParse(text.replace(/[a-z]/g, (letter) => letter.toUpperCase()))?.ascii ?? printed,
    printed,
    'upper case means another domain',
  )
  return [printed === text ? 'canonical domain' : 'domain']
}
