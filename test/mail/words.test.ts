import fc from 'fast-check'
import {describe, expect, test} from 'vitest'
import {MailAddress, mailDomainText, parseMailDomain} from '../../src/mail/address.ts'
import {Domain, printable} from '../../src/mail/domain.ts'
import {enhancedStatus, replyText} from '../../src/mail/reply.ts'

describe('a domain', () => {
  test.each([
    ['example.mil', 'example.mil'],
    ['Example.MIL.', 'example.mil'],
    ['bücher.example', 'xn--bcher-kva.example'],
    ['BÜCHER.example', 'xn--bcher-kva.example'],
    ['xn--bcher-kva.example', 'xn--bcher-kva.example'],
    ['localhost', 'localhost'],
    ['_dmarc.example.org', '_dmarc.example.org'],
  ])('%j is %j on the wire', (text, ascii) => expect(Domain.parse(text).ascii).toBe(ascii))

  test.each([
    '',
    '.',
    'a..b',
    '-a.example',
    'a-.example',
    '192.0.2.1',
    '::1',
    '0x7f.1',
    'a b.example',
    'a/b',
    'user@example.mil',
    'example.mil:25',
    'a\u0000b.example',
    'a\nb.example',
    `${'a'.repeat(64)}.example`,
    `${'a.'.repeat(127)}example`,
    '[192.0.2.1]',
    'exa%6dple.mil',
  ])('%j is none', (text) => {
    expect(Domain.tryParse(text)).toBeNull()
    expect(() => Domain.parse(text)).toThrow(/is not a domain name/)
  })

  test('reads back what it writes, in both forms', () => {
    const domain = Domain.parse('bücher.example')
    expect(domain.unicode).toBe('bücher.example')
    expect(Domain.parse(domain.unicode).equals(domain)).toBe(true)
  })

  test('is never a thing that would not survive another parse', () => {
    fc.assert(
      fc.property(fc.string({unit: 'binary', maxLength: 60}), (text) => {
        const domain = Domain.tryParse(text)
        if (domain) expect(Domain.tryParse(domain.ascii)?.ascii).toBe(domain.ascii)
      }),
    )
  })
})

describe('an address', () => {
  test.each([
    'user@example.mil',
    'a.b+c@example.mil',
    '"two words"@example.mil',
    '"a@b"@example.mil',
    'user@[192.0.2.1]',
    'user@[IPv6:2001:db8::1]',
    'jürgen@example.mil',
    'user@bücher.example',
    "o'neil@example.mil",
  ])('%j is kept byte for byte', (text) => expect(MailAddress.parse(text).text).toBe(text))

  test.each([
    '',
    'user',
    '@example.mil',
    'user@',
    'a..b@example.mil',
    '.a@example.mil',
    'a.@example.mil',
    'two words@example.mil',
    'a@b@example.mil',
    'user@[192.0.2]',
    'user@[IPv6:192.0.2.1]',
    'user@192.0.2.1',
    `${'x'.repeat(65)}@example.mil`,
    'a\r\nRCPT TO:<x>@example.mil',
    '"a\nb"@example.mil',
    '<user@example.mil>',
  ])('%j is none', (text) => expect(MailAddress.tryParse(text)).toBeNull())

  test('knows whether it needs SMTPUTF8', () => {
    expect(MailAddress.parse('jürgen@example.mil').needsUtf8).toBe(true)
    expect(MailAddress.parse('user@example.mil').needsUtf8).toBe(false)
  })

  test('never lets a line end or a blank outside quotes through', () => {
    fc.assert(
      fc.property(fc.string({unit: 'binary', maxLength: 40}), (text) => {
        const address = MailAddress.tryParse(`${text}@example.mil`)
        if (address) expect(address.text).not.toMatch(/[\r\n\0]/)
      }),
    )
  })

  test('a literal keeps its tag when it is printed', () => {
    expect(mailDomainText(parseMailDomain('[IPv6:::1]')!)).toBe('[IPv6:::1]')
    expect(mailDomainText(parseMailDomain('[127.0.0.1]')!)).toBe('[127.0.0.1]')
  })
})

describe('a reply', () => {
  test('its enhanced status counts only when the class agrees with the code', () => {
    expect(enhancedStatus({code: 250, lines: ['2.1.5 ok']})).toBe('2.1.5')
    expect(enhancedStatus({code: 550, lines: ['2.1.5 ok']})).toBeNull()
    expect(enhancedStatus({code: 550, lines: ['5.7.100']})).toBe('5.7.100')
    expect(enhancedStatus({code: 550, lines: ['no such user']})).toBeNull()
  })

  test('is one line for people, however many it had', () => {
    expect(replyText({code: 550, lines: ['no', 'such user']})).toBe('550 no / such user')
  })
})

test('text from outside is made safe to print', () => {
  expect(printable('a\x1b[31mb\r\n')).toBe('a\\x1b[31mb\\x0d\\x0a')
  expect(printable('x'.repeat(300))).toHaveLength(201)
  expect(printable('\u202egpj.exe')).toBe('\\x202egpj.exe')
})
