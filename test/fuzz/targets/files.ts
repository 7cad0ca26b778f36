import {readBundle} from '../../../src/app/config-bundle.ts'
import {Baseline} from '../../../src/app/probe-baseline.ts'
import {type Listed, targetsOf} from '../../../src/app/probe-list.ts'
import {mailDomainText, parseMailDomain} from '../../../src/mail/address.ts'
import {PosternError} from '../../../src/mail/error.ts'
import {readCa} from '../../../src/state/ca-file.ts'
import {readRules} from '../../../src/state/policy-file.ts'
import {readProfile} from '../../../src/state/profile-file.ts'
import {readSettings} from '../../../src/state/relay-file.ts'
import {parseUsers} from '../../../src/state/user-file.ts'
import type {YamlSource} from '../../../src/state/yaml-file.ts'
import {cutAnywhere, Random, seedOf} from '../random.ts'
import {holds, same, type Target} from '../target.ts'

const YAML = [
  ...[
    '&a ',
    '*a',
    '<<: *a\n',
    '!!binary ',
    '!x ',
    '---\n',
    '...\n',
    '? ',
    '|\n',
    '>-\n',
    '\t',
    '__proto__: 1\n',
    'null',
    '\0',
    '%YAML 1.1\n',
  ],
  ...[
    '- ',
    ': ',
    '{',
    '}',
    '[',
    ']',
    '"',
    "'",
    '# ',
    ', ',
    '\u0085',
    '\u2028',
    '\ufeff',
    'yes',
    '0x10',
    '1e400',
    '.inf',
    '~',
    '!!js/x ',
  ],
]

const source = (input: Buffer): YamlSource => ({path: 'f.yaml', text: input.toString('utf8')})

/** A file of ours: sound, or an error with file, line and hint. What is sound means the same each time, and has no key that is not known. */
function yamlFile(name: string, read: (source: YamlSource) => unknown, words: readonly string[], exit = 78): Target {
  return {
    name,
    dictionary: [...YAML, ...words],
    check: (input) => {
      const found = sound(() => read(source(input)), /^f\.yaml:\d+: [^\n]*expected [^\n]+$/, exit)
      if ('code' in found) return [kindOf(found.said)]
      const again = sound(() => read(source(input)), /^/, exit)
      same(again, found, 'read again')
      const more = Buffer.concat([input, Buffer.from('\nunknownKey: 1\n')])
      if (!input.toString('latin1').includes('...'))
        holds('code' in sound(() => read(source(more)), /^/, exit), 'an unknown key is accepted')
      return ['sound', ...Object.keys((found.value ?? {}) as object)]
    },
  }
}

/** What is wrong, without what was found instead. */
function kindOf(said: string): string {
  const what = /expected.*|is no baseline.*/.exec(said)?.[0] ?? said
  return what
    .replace(/;.*|"[^"]*"|'[^']*'|\d+/g, '#')
    .split(' ')
    .slice(0, 8)
    .join(' ')
}

/** The value, or the error by its code and its words. */
function sound(read: () => unknown, form: RegExp, exit: number): {value: unknown} | {code: string; said: string} {
  try {
    return {value: read()}
  } catch (error) {
    return refused(error, form, exit)
  }
}

function refused(error: unknown, form: RegExp, exit: number): {code: string; said: string} {
  holds(error instanceof PosternError, `${(error as Error)?.stack} is none of its errors`)
  same(error.exit, exit, `${error.code}: exit`)
  holds(error.hints.length > 0, `${error.code} without a hint`)
  for (const text of [error.message, ...error.hints])
    holds(!/[\x00-\x1f\x7f-\x9f]/.test(text), `not one printable line: ${JSON.stringify(text)}`)
  holds(form.test(error.message), `an error of another form: ${error.message}`)
  return {code: error.code, said: error.message.replace(/^\S+ /, '')}
}

export const relayFile = () =>
  yamlFile('relay-yaml', (file) => readSettings(file).settings, [
    'listeners:\n',
    'port: 25\n',
    'tls: implicit\n',
    '27m',
    '50MiB',
    '100/1m',
  ])
export const policyFile = () =>
  yamlFile('policy-yaml', (file) => readRules(file).rules, [
    'rules:\n',
    '- id: r1\n',
    'profile: secure\n',
    '/a+/',
    '/(a*)*b/',
    '<>',
    '.example.mil',
  ])
export const profileFile = () =>
  yamlFile('profile-yaml', (file) => readProfile('a', file).profile, [
    'level: secure\n',
    'ca: [a]\n',
    'exact:',
    'wildcard:*.',
    'contains:',
    'never',
  ])
export const usersFile = () =>
  yamlFile('users-yaml', (file) => parseUsers(file).credentials, [
    'users:\n',
    'anna: ',
    'SCRAM-SHA-256$4096:',
    '$',
    ':',
    'AAAA',
  ])
export const bundleFile = () =>
  yamlFile(
    'bundle',
    (file) => readBundle(file),
    ['files:\n', 'relay.yaml: |\n', '../relay.yaml: x\n', 'profiles/../a.yaml: x\n', 'ca/a.pem: x\n'],
    65,
  )

/** `ca/NAME.pem`. What is accepted holds certificates, and nothing is passed over in silence. */
export function caFile(): Target {
  return {
    name: 'ca',
    dictionary: [
      '-----BEGIN CERTIFICATE-----\n',
      '-----END CERTIFICATE-----\n',
      '-----BEGIN PRIVATE KEY-----\n',
      '-----',
      '\r\n',
      'MII',
      '=',
    ],
    check: async (input) => {
      const text = input.toString('utf8')
      const found = await readCa('a', {path: 'f.pem', text}).catch((error) =>
        refused(error, /^f\.pem:\d+: expected /, 78),
      )
      if ('code' in found) return [found.said]
      const begun = text.split('-----BEGIN ').length - 1
      same(found.certificates.length, begun, 'blocks that were read')
      const again = await readCa('a', {path: 'f.pem', text: found.certificates.map(({pem}) => pem).join('')})
      same(again, found, 'printed and read again')
      return [`${found.certificates.length} certificates`]
    },
  }
}

/** The saved state of targets: read whole, or told to be none. */
export function baseline(path: (text: Buffer) => Promise<string>): Target {
  return {
    name: 'baseline',
    dictionary: [
      '{',
      '}',
      '[',
      ']',
      ',',
      ':',
      'null',
      '"__proto__"',
      '"targets":',
      '"seen":',
      '1e999',
      '"\\u0000"',
      '\0',
      '"levels"',
      '"secure"',
      '"clear"',
    ],
    check: async (input) => {
      const file = await path(input)
      try {
        const found = await Baseline.open(file, {accept: false})
        holds(
          JSON.parse(input.toString('utf8')).schema === 'postern.baseline/1',
          'what is no baseline was taken for one',
        )
        holds((await found.save(0)) === false, 'an untouched baseline is written anew')
        return ['sound']
      } catch (error) {
        const {said} = refused(error, /is no baseline: /, 65)
        return [kindOf(said)]
      }
    },
  }
}

/** A list of targets: line by line, however it arrives; a line that is none is told with its number. */
export function targetList(): Target {
  return {
    name: 'target-list',
    dictionary: [
      '\n',
      '\r\n',
      '\r',
      '#',
      ' # ',
      'example.mil',
      '[192.0.2.1]',
      '\0',
      '\ufeff',
      'bücher.example',
      '\u2028',
      'joe@example.mil',
      '*',
    ],
    check: async (input) => {
      const whole = await listed([input])
      same(
        await listed(cutAnywhere(input, new Random(seedOf(input)), 1 + (input.length >> 2))),
        whole,
        'cut into pieces',
      )
      const lines = input
        .toString('latin1')
        .split('\n')
        .map((line) => Buffer.from(line, 'latin1').toString('utf8'))
      const wanted = lines.map((line) => line.split('#')[0]!.trim()).filter((line) => line !== '')
      const short = lines.every((line) => Buffer.byteLength(line) < 4_000)
      if (short)
        same(
          whole.map(({domain}) => domain),
          wanted.map(domainIn),
          'another reading',
        )
      return [`${Math.min(whole.length, 9)} lines`, ...whole.map(({error}) => error.replace(/^l:\d+: ".*"/s, ''))]
    },
  }
}

function domainIn(text: string): string | null {
  const domain = parseMailDomain(text)
  return domain && mailDomainText(domain)
}

async function listed(pieces: readonly Buffer[]): Promise<{domain: string | null; error: string}[]> {
  async function* arriving() {
    yield* pieces
  }
  const all: Listed[] = []
  for await (const one of targetsOf(arriving(), 'l')) all.push(one)
  return all.map((one) => {
    if ('domain' in one) return {domain: mailDomainText(one.domain), error: ''}
    refused(one.error, /^l:\d+: /, 64)
    return {domain: null, error: one.error.message}
  })
}
