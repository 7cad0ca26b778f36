import fc from 'fast-check'
import {describe, expect, test} from 'vitest'
import {BerError, children, type Element, octets, oidText, readElement} from '../../src/pki/der.ts'
import {der, derOid} from '../support/der.ts'

describe('the BER reader', () => {
  test('answers any bytes with an element or with BerError', () => {
    fc.assert(
      fc.property(fc.uint8Array({maxLength: 200}), (bytes) => {
        try {
          walk(readElement(Buffer.from(bytes)))
        } catch (error) {
          expect(error).toBeInstanceOf(BerError)
        }
      }),
      {numRuns: 500},
    )
  })

  test('reads what was written, of any length', () => {
    fc.assert(
      fc.property(fc.integer({min: 0, max: 70_000}), (length) => {
        const content = Buffer.alloc(length, 7)
        expect(readElement(der(0x04, content)).content.equals(content)).toBe(true)
      }),
      {numRuns: 50},
    )
  })

  test('reads an indefinite length and a string in pieces', () => {
    const pieces = Buffer.concat([der(0x04, Buffer.from('ab')), der(0x04, Buffer.from('c'))])
    const element = readElement(Buffer.concat([Buffer.of(0x24, 0x80), pieces, Buffer.of(0, 0), Buffer.from('rest')]))
    expect(octets(element).toString()).toBe('abc')
    expect(element.raw.length).toBe(2 + pieces.length + 2)
  })

  test('refuses nesting that only an attacker writes', () => {
    expect(() => readElement(Buffer.alloc(10_000).fill(Buffer.of(0x30, 0x80)))).toThrow(BerError)
  })

  test.each(['1.2.840.113549.1.9.14', '2.5.29.17', '2.16.840.1.101.3.4.2.1', '2.999.3'])('keeps OID %s', (oid) => {
    if (oid !== '2.999.3') expect(oidText(readElement(derOid(oid)))).toBe(oid)
    // X.690 §8.19.4: with a first arc of 2 the second has no bound.
    else expect(oidText(readElement(Buffer.of(6, 3, 0x88, 0x37, 3)))).toBe(oid)
  })
})

function walk(element: Element): void {
  if (element.tag & 0x20) for (const child of children(element)) walk(child)
}
