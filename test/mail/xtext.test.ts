import fc from 'fast-check'
import {describe, expect, test} from 'vitest'
import {
  decodeXtext,
  embedUtf8,
  encodeXtext,
  readOriginalRecipient,
  writeOriginalRecipient,
} from '../../src/mail/xtext.ts'

describe('xtext', () => {
  test('comes back as it went in, and holds nothing but printable ASCII', () => {
    fc.assert(
      fc.property(fc.string({unit: 'grapheme'}), (text) => {
        expect(encodeXtext(text)).toMatch(/^[\x21-\x3c\x3e-\x7e]*$/)
        expect(decodeXtext(encodeXtext(text))).toBe(text)
      }),
    )
  })

  test.each([
    ['a+b=c d', 'a+2Bb+3Dc+20d'],
    ['й', '+D0+B9'],
  ])('of %s is %s', (text, encoded) => {
    expect(encodeXtext(text)).toBe(encoded)
  })

  test.each(['+2b', '+', '+G0'])('leaves %s, which is no hexchar, as it is', (text) => {
    expect(decodeXtext(text)).toBe(text)
  })
})

describe('an ORCPT parameter', () => {
  const address = fc.tuple(fc.string({unit: 'grapheme', minLength: 1}), fc.domain()).map((parts) => parts.join('@'))

  test('says the address that it was made of, also to hosts that take ASCII only', () => {
    fc.assert(
      fc.property(address, (text) => {
        const orcpt = writeOriginalRecipient(text)
        expect(orcpt).not.toMatch(/[\x00-\x20=+]/)
        expect(readOriginalRecipient(orcpt)?.address).toBe(text)
        expect(embedUtf8(orcpt)).toMatch(/^[\x21-\x7e]*$/)
        expect(readOriginalRecipient(embedUtf8(orcpt))?.address).toBe(text)
      }),
    )
  })

  test.each([
    ['rfc822;a+2Bb@example.mil', {type: 'rfc822', address: 'a+b@example.mil'}],
    ['utf-8;\\x{439}@example.mil', {type: 'utf-8', address: 'й@example.mil'}],
    ['utf-8;\\x{110000}\\x{D800}', {type: 'utf-8', address: '\\x{110000}\\x{D800}'}],
    ['rfc822', null],
    [';a@b', null],
  ])('%s is read', (orcpt, read) => {
    expect(readOriginalRecipient(orcpt)).toEqual(read)
  })
})
