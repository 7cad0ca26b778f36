import {describe, expect, test} from 'vitest'
import {unknownCommand} from '../../src/cli/unknown-command.ts'
import {usageHints, usageLine} from '../../src/cli/usage.ts'
import {run} from '../support/cli.ts'

describe('a usage error', () => {
  test.each([
    ['The following error occurred:\n  Missing required flag to\nSee more help with --help', '--to is missing'],
    ['Missing 1 required arg:\nfile  PEM, DER\nSee more help with --help', 'the argument FILE is missing'],
    ['Missing 2 required args:\nid  of the rule\nname  of it', 'the arguments ID, NAME are missing'],
    ['Nonexistent flag: --bogus\nSee more help with --help', 'there is no flag --bogus'],
    ['Flag --port expects a value', '--port expects a value'],
    ['Expected --level=top to be one of: none, secure', '--level top: it is one of none, secure'],
    ['Parsing --port \n\tExpected an integer but received: x', '--port: expected an integer but received: x'],
    [
      'The following errors occurred:\n  --first=true cannot also be provided when using --last\n  --last=true cannot also be provided when using --first',
      '--first and --last exclude each other',
    ],
    [
      'The following error occurred:\n  All of the following must be provided when using --connect: --name',
      '--connect needs --name beside it',
    ],
  ])('is said in one line: %j', (message, line) => {
    expect(usageLine(message)).toBe(line)
  })

  test('names the help of its own command, or the flag that was meant', () => {
    const asked = {command: 'policy move', flags: ['before', 'after']}
    expect(usageHints({message: 'x'}, asked)).toEqual(['postern policy move --help shows the flags and an example'])
    expect(usageHints({message: 'Nonexistent flag: --befor'}, asked)).toEqual(['did you mean --before?'])
  })
})

describe('a command that does not exist', () => {
  const known = ['probe', 'policy:list', 'policy:move', 'relay:logs', 'relay:stop']

  test.each([
    [['probee', 'example.mil'], 'did you mean: postern probe'],
    [['policy', 'lst'], 'did you mean: postern policy list'],
    [['policy', 'mvoe', 'r1'], 'did you mean: postern policy move'],
    [['relay', 'foo'], 'postern relay --help lists its commands'],
    [['nonsense'], 'postern --help lists the commands'],
    [[], 'postern --help lists the commands'],
  ])('%j is answered with what was meant, and never with a guess', (words, hint) => {
    expect(unknownCommand(words, known)).toMatchObject({exit: 64, hints: [hint]})
  })
})

describe('a topic without a command', () => {
  test('shows its help to a person', async () => {
    const {code, stdout} = await run(['ca'])
    expect([code, stdout.includes('ca import')]).toEqual([0, true])
  })

  test('is not what a command with flags is taken for', async () => {
    expect((await run(['config', 'path', '--json'])).json.schema).toBe('postern.config-path/1')
  })

  test.each([[['ca', '--json']], [['config', '--nonsense', '--json']]])(
    'is an error under --json: %j',
    async (args) => {
      const {code, json, stderr} = await run(args)
      expect([code, stderr]).toEqual([64, ''])
      expect(json).toMatchObject({schema: 'postern.error/1', error: {code: 'command-missing', exit: 64}})
    },
  )
})

test.each(['apply', 'explain'])('the usage of policy %s has no empty alternative', async (command) => {
  const {stdout} = await run(['policy', command, '--help'])
  expect(stdout).toMatch(/USAGE\n {2}\$ postern policy/)
  expect(stdout).not.toMatch(/\|\s+\|/)
})
