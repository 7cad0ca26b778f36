import {readFileSync} from 'node:fs'
import {describe, expect, test} from 'vitest'
import {matchesIdentifier} from '../../src/pki/identifiers.ts'

interface Case {
  presented: string
  reference: string
  rfc9525: boolean | 'either'
}

const cases: Case[] = JSON.parse(readFileSync(new URL('../vectors/name-match.json', import.meta.url), 'utf8'))

describe('a presented and a reference identifier (RFC 9525)', () => {
  const claims = cases.filter(({rfc9525}) => rfc9525 !== 'either')

  test('are 84 pairs, most of them with a claim', () => {
    expect([cases.length, claims.length > 60]).toEqual([84, true])
  })

  test.each(claims)('"$presented" for "$reference": $rfc9525', ({presented, reference, rfc9525}) => {
    expect(matchesIdentifier(presented, reference)).toBe(rfc9525)
  })

  test('are compared without regard to case and to the dot of the root', () => {
    expect(matchesIdentifier('MX1.Example.MIL', 'mx1.example.mil.')).toBe(true)
    expect(matchesIdentifier('*.XN--BCHER-KVA.example', 'mx.xn--bcher-kva.example')).toBe(true)
  })

  test('never match where a NUL hides the rest of a name', () => {
    expect(matchesIdentifier('mx1.example.mil\\x00.evil.example', 'mx1.example.mil')).toBe(false)
    expect(matchesIdentifier('mx1.example.mil\0.evil.example', 'mx1.example.mil')).toBe(false)
  })

  test('never match one label with a wildcard that stands for two or none', () => {
    expect(matchesIdentifier('*.example.mil', 'a.b.example.mil')).toBe(false)
    expect(matchesIdentifier('*.example.mil', '.example.mil')).toBe(false)
    expect(matchesIdentifier('*', 'localhost')).toBe(false)
  })
})
