import fc from 'fast-check'
import {describe, expect, test} from 'vitest'
import {DataDecoder} from '../../src/smtp/receive-data.ts'

/** Decodes the chunks one after the other, up to the end of the data. */
function decode(chunks: Buffer[]): {body: string; rest: string | null; bareCr: boolean; bareLf: boolean} {
  const decoder = new DataDecoder()
  let body = ''
  for (const [i, chunk] of chunks.entries()) {
    const result = decoder.decode(chunk)
    body += result.body.toString('latin1')
    if (result.rest === null) continue
    const rest = Buffer.concat([result.rest, ...chunks.slice(i + 1)]).toString('latin1')
    return {body, rest, ...flags(decoder)}
  }
  return {body, rest: null, ...flags(decoder)}
}

const flags = ({bareCr, bareLf}: DataDecoder) => ({bareCr, bareLf})

/** The same by RFC 5321 §4.5.2, over the whole text at once. */
function decodedByTheBook(text: string): {body: string; rest: string | null; bareCr: boolean; bareLf: boolean} {
  const framed = `\r\n${text}`
  const end = framed.indexOf('\r\n.\r\n')
  const data = end < 0 ? framed : framed.slice(0, end + 2)
  const body = data
    .replaceAll('\r\n.', '\r\n')
    .slice(2)
    .replace(/(?<!\r)\n/g, '\r\n')
  const bare = {bareCr: /\r(?!\n)/.test(data), bareLf: /(?<!\r)\n/.test(data)}
  return {body, rest: end < 0 ? null : framed.slice(end + 5), ...bare}
}

const octets = fc.array(fc.constantFrom('.', '\r', '\n', '\r\n', '\r\n.', 'x', '\r\n.\r\n', 'a longer run of text'), {
  maxLength: 30,
})

describe('the data decoder', () => {
  test('does what the book says, wherever the octets are cut', () => {
    fc.assert(
      fc.property(octets, fc.array(fc.nat(40), {maxLength: 12}), (parts, cuts) => {
        const text = `${parts.join('')}\r\n.\r\nNOOP\r\n`
        const chunks: Buffer[] = []
        let rest = Buffer.from(text, 'latin1')
        for (const cut of cuts) {
          chunks.push(rest.subarray(0, cut))
          rest = rest.subarray(cut)
        }
        const decoded = decode([...chunks, rest])
        const expected = decodedByTheBook(text)
        // With a bare CR the message is refused, and what the body was is of no account.
        if (expected.bareCr) expect(decoded).toMatchObject({rest: expected.rest, bareCr: true})
        else expect(decoded).toEqual(expected)
      }),
      {numRuns: 3000},
    )
  })

  test.each([
    ['.\r\n', '', ''],
    ['a\r\n.\r\nNOOP\r\n', 'a\r\n', 'NOOP\r\n'],
    ['..\r\n...\r\n.a\r\n.\r\n', '.\r\n..\r\na\r\n', ''],
    ['\r\n.\r\n', '\r\n', ''],
  ])('decodes %j', (text, body, rest) => {
    expect(decode([Buffer.from(text)])).toEqual({body, rest, bareCr: false, bareLf: false})
    expect(decode([...text].map((octet) => Buffer.from(octet)))).toEqual({body, rest, bareCr: false, bareLf: false})
  })

  test('makes CRLF of a bare LF, and takes no dot behind it for stuffing', () => {
    const text = 'hi\n.dot\n.\n.\r\nend\n\r\n.\r\n'
    expect(decode([Buffer.from(text)])).toEqual({
      body: 'hi\r\n.dot\r\n.\r\n.\r\nend\r\n\r\n',
      rest: '',
      bareCr: false,
      bareLf: true,
    })
  })

  test('finds no end in anything but CRLF.CRLF', () => {
    for (const end of ['\n.\n', '\n.\r\n', '\r.\r', '\r.\r\n', '\r\n.\n', '\r\n.\r', '\r\n\0.\r\n']) {
      expect(decode([Buffer.from(`a${end}MAIL`)]).rest).toBeNull()
    }
  })
})
