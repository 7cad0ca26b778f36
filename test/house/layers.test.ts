import {describe, expect, test} from 'vitest'
import {sourceFiles} from '../../scripts/sources.ts'
import {brokenArrows} from './layers.ts'

const root = new URL('../..', import.meta.url).pathname

describe('the layering', () => {
  test('holds for every import in src and commands', () => {
    const files = sourceFiles(root)
    expect(files.length).toBeGreaterThan(30)
    expect(brokenArrows(files)).toEqual([])
  })

  test.each([
    ['an upward arrow', 'src/policy/a.ts', "import {openMailPath} from '../path/open.ts'"],
    ['an upward arrow of types alone', 'src/mail/a.ts', "import type {Profile} from '../policy/profile.ts'"],
    ['a sideways arrow', 'src/smtp/a.ts', "import {judge} from '../policy/judge.ts'"],
    ['a late import', 'src/dns/a.ts', "const {x} = await import('../smtp/client.ts')"],
    ['a re-export', 'src/pki/a.ts', "export * from '../policy/profile.ts'"],
    ['a command that is imported', 'src/cli/a.ts', "import Probe from '../../commands/probe.ts'"],
    ['oclif outside the terminal rooms', 'src/app/a.ts', "import {Flags} from '@oclif/core'"],
    ['chalk in a report', 'src/report/a.ts', "import chalk from 'chalk'"],
    ['files in a pure room', 'src/policy/a.ts', "import {readFile} from 'node:fs/promises'"],
  ])('fails on %s', (_, path, text) => {
    expect(brokenArrows([{path, text}])).toHaveLength(1)
  })

  test.each([
    ['a downward arrow', 'src/path/a.ts', "import {judge} from '../policy/judge.ts'"],
    ['an import within the room', 'src/path/a.ts', "import {dial} from './dial.ts'"],
    ['an import named in a comment', 'src/mail/a.ts', "// import {x} from '../path/open.ts'"],
  ])('allows %s', (_, path, text) => {
    expect(brokenArrows([{path, text}])).toEqual([])
  })
})
