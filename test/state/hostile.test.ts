import fc from 'fast-check'
import {describe, expect, test} from 'vitest'
import {PosternError} from '../../src/mail/error.ts'
import {readRules} from '../../src/state/policy-file.ts'
import {readProfile} from '../../src/state/profile-file.ts'
import {readSettings} from '../../src/state/relay-file.ts'

const SAMPLES = [
  'level: secure\nca: [mil]\nsubject:\n  - exact:mx1.example.mil\nminTls: "1.3"\nfallbackAfter: never\n',
  'rules:\n  - {id: r1, recipients: [example.mil], senders: ["<>"], profile: secure, mode: rehearse}\n',
  'hostname: a.example\nlisteners: [{address: 127.0.0.1, port: 25}]\nqueue: {retry: 27m}\ndns: {servers: ["[::1]:53"]}\n',
]

/** Text that is nearly a file of ours: pieces of good ones, cut and joined anywhere, with what YAML stumbles over between. */
const nearly = fc
  .array(
    fc.oneof(
      fc
        .tuple(fc.constantFrom(...SAMPLES), fc.nat(), fc.nat())
        .map(([text, a, b]) => text.slice(a % 60, b % text.length)),
      fc.constantFrom(
        '&a ',
        '*a',
        '<<: *a\n',
        '!!binary ',
        '!x ',
        '---\n',
        '? ',
        '|\n',
        '\t',
        '__proto__: 1\n',
        'null',
        '\u0000',
        '%',
      ),
      fc.string({maxLength: 8}),
    ),
    {maxLength: 6},
  )
  .map((parts) => parts.join(''))

const anything = fc.oneof(nearly, fc.json(), fc.string())

function isSoundOrSaysWhy(read: (text: string) => unknown): void {
  fc.assert(
    fc.property(anything, (text) => {
      try {
        read(text)
      } catch (error) {
        expect(error).toBeInstanceOf(PosternError)
        const {exit, message, hints} = error as PosternError
        expect([exit, hints.length]).toEqual([78, 1])
        expect(message).toMatch(/^f\.yaml:\d+: [^\n\x00-\x1f]*expected [^\n\x00-\x1f]+$/)
      }
    }),
    {numRuns: 400},
  )
}

describe('any text is a sound file or an error with file, line and hint:', () => {
  test('a profile', () => isSoundOrSaysWhy((text) => readProfile('a', {path: 'f.yaml', text})))
  test('the rules', () => isSoundOrSaysWhy((text) => readRules({path: 'f.yaml', text})))
  test('the settings', () => isSoundOrSaysWhy((text) => readSettings({path: 'f.yaml', text})))
})
