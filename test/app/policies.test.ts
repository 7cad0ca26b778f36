import {mkdir, readFile, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import fc from 'fast-check'
import {describe, expect, test} from 'vitest'
import {
  applyPolicy,
  deletePolicy,
  listPolicies,
  movePolicy,
  type RuleRequest,
  showPolicy,
} from '../../src/app/policies.ts'
import {applyPolicyFile} from '../../src/app/policy-file.ts'
import {diffRules} from '../../src/app/rule-diff.ts'
import {scratch} from '../support/cli.ts'
import {rule} from '../support/rule.ts'

async function place() {
  const made = await scratch()
  return {configDir: join(made.dir, 'config'), [Symbol.asyncDispose]: () => made[Symbol.asyncDispose]()}
}

type Place = {configDir: string}
const ids = async (at: Place) => (await listPolicies(at)).rules.map(({id}) => id)
const apply = (at: Place, profile: string, recipients: string[], more: Partial<RuleRequest> = {}) =>
  applyPolicy(at, {profile, recipients, ...more})

describe('applyPolicy', () => {
  test('gives a new rule the next number and puts it last', async () => {
    await using at = await place()
    await apply(at, 'encrypt', ['a.example'])
    expect(await apply(at, 'secure', ['b.example'])).toMatchObject({rule: {id: 'r2'}, change: 'created', position: 2})
    expect(await ids(at)).toEqual(['r1', 'r2'])
  })

  test('never reuses a number below one that is present', async () => {
    await using at = await place()
    for (const name of ['a', 'b', 'c']) await apply(at, 'encrypt', [`${name}.example`])
    await deletePolicy(at, 'r2')
    expect((await apply(at, 'encrypt', ['d.example'])).rule.id).toBe('r4')
  })

  test('changes nothing when the same is applied again, in whatever order and case', async () => {
    await using at = await place()
    await apply(at, 'secure', ['a.example', 'b.example'], {comment: 'kept'})
    const before = await readFile(join(at.configDir, 'policy.yaml'), 'utf8')
    const again = await apply(at, 'secure', ['B.example', 'a.example'])
    expect(again).toMatchObject({change: 'unchanged', rule: {id: 'r1', comment: 'kept'}})
    expect(await readFile(join(at.configDir, 'policy.yaml'), 'utf8')).toBe(before)
  })

  test('changes the rule when another profile is applied to the same mail', async () => {
    await using at = await place()
    await apply(at, 'encrypt', ['a.example'])
    await apply(at, 'encrypt', ['b.example'])
    expect(await apply(at, 'secure', ['a.example'])).toMatchObject({change: 'updated', position: 1, rule: {id: 'r1'}})
    expect(await ids(at)).toEqual(['r1', 'r2'])
  })

  test('changes by id only what is given', async () => {
    await using at = await place()
    await apply(at, 'encrypt', ['a.example'], {id: 'mil', senders: ['*@x.example'], comment: 'why'})
    const {rule: changed} = await applyPolicy(at, {id: 'mil', profile: 'secure', mode: 'rehearse'})
    expect(changed).toMatchObject({
      recipients: ['a.example'],
      senders: ['*@x.example'],
      profile: 'secure',
      mode: 'rehearse',
      comment: 'why',
    })
  })

  test('rehearses beside the enforcing rule, before it, and leaves it as it is', async () => {
    await using at = await place()
    await apply(at, 'encrypt', ['a.example'])
    const rehearsal = await apply(at, 'secure', ['a.example'], {mode: 'rehearse'})
    expect(rehearsal).toMatchObject({change: 'created', position: 1})
    expect((await listPolicies(at)).rules).toMatchObject([
      {id: 'r2', mode: 'rehearse'},
      {id: 'r1', mode: 'enforce', profile: 'encrypt'},
    ])
    expect((await listPolicies(at)).findings).toEqual([])
  })

  test('puts a rule where it is told to, also one that exists', async () => {
    await using at = await place()
    for (const name of ['a', 'b']) await apply(at, 'encrypt', [`${name}.example`], {id: name})
    await apply(at, 'encrypt', ['c.example'], {id: 'c', position: 'first'})
    await apply(at, 'encrypt', ['d.example'], {id: 'd', position: {after: 'a'}})
    await apply(at, 'encrypt', ['e.example'], {id: 'e', position: {before: 'a'}})
    expect(await ids(at)).toEqual(['c', 'e', 'a', 'd', 'b'])
    expect(await apply(at, 'encrypt', ['b.example'], {position: 'first'})).toMatchObject({
      change: 'updated',
      position: 1,
    })
  })

  test('is about receiving when clients are named', async () => {
    await using at = await place()
    const {rule: made} = await applyPolicy(at, {profile: 'encrypt', clients: ['192.0.2.0/24']})
    expect(made).toMatchObject({direction: 'receiving', clients: ['192.0.2.0/24']})
  })

  test('warns of a rule that can never be reached, and of the rule that a new one hides', async () => {
    await using at = await place()
    await apply(at, 'none', ['*'])
    const hidden = await apply(at, 'secure', ['example.mil'])
    expect(hidden.findings).toContainEqual(expect.objectContaining({code: 'rule-unreachable'}))
    await using second = await place()
    await apply(second, 'encrypt', ['example.mil'])
    const hiding = await apply(second, 'none', ['*'], {position: 'first'})
    expect(hiding.findings).toMatchObject([{code: 'rule-unreachable', message: expect.stringContaining('rule r1')}])
  })

  test('warns of TLS that is required of every client', async () => {
    await using at = await place()
    const {findings} = await applyPolicy(at, {profile: 'encrypt', direction: 'receiving'})
    expect(findings).toContainEqual(expect.objectContaining({code: 'receiving-requires-tls'}))
  })

  test.each([
    ['an unknown profile', {profile: 'secrue'}, 'profile-unknown', 66],
    ['a malformed recipient', {recipients: ['a b']}, 'pattern-invalid', 64],
    ['a malformed sender', {senders: ['@']}, 'pattern-invalid', 64],
    ['a malformed network', {destinations: ['10.0.0.0/33']}, 'network-invalid', 64],
    ['a malformed id', {id: 'r 1'}, 'name-invalid', 64],
    ['clients of a delivery', {direction: 'delivery', clients: ['::1']}, 'condition-misplaced', 64],
    ['destinations of a receipt', {direction: 'receiving', destinations: ['::1']}, 'condition-misplaced', 64],
    ['a place beside nobody', {position: {before: 'r9'}}, 'rule-unknown', 66],
    ['a place beside itself', {recipients: ['a.example'], position: {after: 'r1'}}, 'position-invalid', 64],
  ] as [string, Partial<RuleRequest>, string, number][])(
    'refuses %s and writes nothing',
    async (_, change, code, exit) => {
      await using at = await place()
      await apply(at, 'encrypt', ['a.example'])
      const before = await readFile(join(at.configDir, 'policy.yaml'), 'utf8')
      const refused = applyPolicy(at, {profile: 'secure', recipients: ['b.example'], ...change})
      await expect(refused).rejects.toMatchObject({code, exit})
      expect(await readFile(join(at.configDir, 'policy.yaml'), 'utf8')).toBe(before)
    },
  )

  test('loses no rule when two are applied at once', async () => {
    await using at = await place()
    await Promise.all(['a', 'b', 'c', 'd', 'e'].map((name) => apply(at, 'encrypt', [`${name}.example`])))
    expect((await ids(at)).sort()).toEqual(['r1', 'r2', 'r3', 'r4', 'r5'])
  })
})

describe('movePolicy, deletePolicy, showPolicy', () => {
  test('move a rule, take it out, show it with its profile', async () => {
    await using at = await place()
    for (const name of ['a', 'b', 'c']) await apply(at, 'encrypt', [`${name}.example`])
    expect(await movePolicy(at, 'r3', 'first')).toMatchObject({change: 'updated', position: 1})
    expect(await movePolicy(at, 'r3', {before: 'r1'})).toMatchObject({change: 'unchanged', position: 1})
    expect(await ids(at)).toEqual(['r3', 'r1', 'r2'])
    await deletePolicy(at, 'r1')
    expect(await ids(at)).toEqual(['r3', 'r2'])
    expect(await showPolicy(at, 'r2')).toMatchObject({position: 2, profile: {name: 'encrypt'}})
  })

  test.each([movePolicy, deletePolicy, showPolicy])('exit 66 for a rule that is not there (%o)', async (verb) => {
    await using at = await place()
    await apply(at, 'encrypt', ['a.example'])
    await expect(verb(at, 'r2', 'first')).rejects.toMatchObject({
      code: 'rule-unknown',
      exit: 66,
      hints: ['did you mean r1?'],
    })
  })
})

describe('applyPolicyFile', () => {
  const file = (text: string) => ({path: 'rules.yaml', text})

  test('makes the file the rules, keeps ids by what rules speak of, and is idempotent', async () => {
    await using at = await place()
    await apply(at, 'encrypt', ['a.example'])
    await apply(at, 'encrypt', ['b.example'])
    const wanted = file('- {recipients: b.example, profile: secure}\n- {recipients: c.example, profile: none}\n')
    const {changes, written} = await applyPolicyFile(at, wanted, {dryRun: false})
    expect(written).toBe(true)
    expect(changes).toMatchObject([
      {change: 'removed', id: 'r1'},
      {change: 'changed', id: 'r2', fields: [{field: 'profile', before: 'encrypt', after: 'secure'}]},
      {change: 'added', id: 'r3'},
    ])
    expect((await listPolicies(at)).rules).toMatchObject([
      {id: 'r2', profile: 'secure'},
      {id: 'r3', profile: 'none'},
    ])
    expect(await applyPolicyFile(at, wanted, {dryRun: false})).toMatchObject({changes: [], written: false})
  })

  test('writes nothing on a dry run', async () => {
    await using at = await place()
    const {changes, written} = await applyPolicyFile(at, file('rules: [{profile: secure}]'), {dryRun: true})
    expect([changes.length, written]).toEqual([1, false])
    expect((await listPolicies(at)).rules).toEqual([])
  })

  test.each([
    ['rules:\n  - {profile: secure, recipient: x}\n', /^rules\.yaml:2: .*expected no such key/, /recipients/],
    ['rules:\n  - profile: secrue\n', /^rules\.yaml:2: .*no secrue/, /secure/],
    ['', /^rules\.yaml:1: expected rules:/, /./],
    ['level: secure', /^rules\.yaml:1:/, /rules/],
  ])('answers %j with exit 65, line and hint, and leaves the rules', async (text, message, hint) => {
    await using at = await place()
    await apply(at, 'encrypt', ['a.example'])
    const refused = applyPolicyFile(at, file(text), {dryRun: false})
    await expect(refused).rejects.toMatchObject({exit: 65, message: expect.stringMatching(message)})
    await refused.catch((error) => expect(error.hints[0]).toMatch(hint))
    expect(await ids(at)).toEqual(['r1'])
  })

  test('stops when policy.yaml itself is invalid, instead of replacing it', async () => {
    await using at = await place()
    await mkdir(at.configDir, {recursive: true})
    await writeFile(join(at.configDir, 'policy.yaml'), 'rules: oops\n')
    await expect(applyPolicyFile(at, file('rules: []'), {dryRun: false})).rejects.toMatchObject({exit: 78})
    expect(await readFile(join(at.configDir, 'policy.yaml'), 'utf8')).toBe('rules: oops\n')
  })
})

describe('the difference of two lists of rules', () => {
  test('names the fewest moves', () => {
    const [a, b, c, d] = ['a', 'b', 'c', 'd'].map((id) => rule(id)) as [
      ReturnType<typeof rule>,
      ...ReturnType<typeof rule>[],
    ]
    expect(diffRules([a, b!, c!, d!], [d!, a, b!, c!])).toEqual([{change: 'moved', id: 'd', before: 4, after: 1}])
  })

  test('is empty exactly when the lists are equal', () => {
    const one = fc.record({profile: fc.constantFrom('none', 'secure'), comment: fc.constantFrom(null, 'x')})
    const list = fc.uniqueArray(fc.tuple(fc.constantFrom('a', 'b', 'c', 'd', 'e'), one), {selector: ([id]) => id})
    const build = (made: [string, Partial<ReturnType<typeof rule>>][]) => made.map(([id, fields]) => rule(id, fields))
    fc.assert(
      fc.property(list, list, (first, second) => {
        const [before, after] = [build(first), build(second)]
        const equal = JSON.stringify(before) === JSON.stringify(after)
        expect(diffRules(before, after).length === 0).toBe(equal)
      }),
    )
  })
})
