import {readFile, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {describe, expect, test} from 'vitest'
import {run, scratch} from '../../support/cli.ts'
import {expectRefusal} from '../../support/refusal.ts'

describe('policy on the command line', () => {
  test('tells the story: apply, again, list, explain, move, delete', async () => {
    await using place = await scratch()
    const at = {configDir: place.dir}
    await run(['profile', 'create', 'sec', '--level', 'secure', '--subject', 'domain'], at)
    expect((await run(['policy', 'apply', 'example.mil', '*@x.example', '--profile', 'sec'], at)).stdout).toContain(
      'created',
    )
    const again = await run(['policy', 'apply', '*@x.example', 'example.mil', '--profile', 'sec', '--json'], at)
    expect(again.json).toMatchObject({schema: 'postern.policy-apply/1', change: 'unchanged', rule: {id: 'r1'}})

    const second = await run(
      ['policy', 'apply', '*', '--from', '<>', '--profile', 'encrypt', '--before', 'r1', '--json'],
      at,
    )
    expect(second.json).toMatchObject({position: 1, rule: {id: 'r2', recipients: ['*'], senders: ['<>']}})
    const list = await run(['policy', 'list'], at)
    expect(list.stdout.split('\n').map((line) => line.split(/ +/)[0])).toEqual(['rule', 'r2', 'r1', ''])
    expect(list.stdout).not.toMatch(/[│┌\x1b]/)

    const explained = await run(['policy', 'explain', 'colonel@example.mil', '--from', 'a@b.example', '--json'], at)
    expect(explained.json).toMatchObject({
      schema: 'postern.policy-explain/1',
      trace: [
        {rule: 'r2', result: 'not-matched', condition: 'senders'},
        {rule: 'r1', result: 'matched'},
      ],
      profile: {name: 'sec', subject: ['domain']},
    })
    const fates = explained.json.predicted.map((row: {finding: string; fate: string}) => [row.finding, row.fate])
    expect(fates).toContainEqual(['none', 'delivered'])
    expect(fates).toContainEqual(['certificate-not-trusted', 'deferred'])

    expect((await run(['policy', 'move', 'r2', '--last'], at)).stdout).toContain('place 2')
    expect((await run(['policy', 'show', 'r2', '--json'], at)).json).toMatchObject({
      position: 2,
      profile: {name: 'encrypt'},
    })
    expect((await run(['policy', 'delete', 'r2'], at)).code).toBe(0)
    expect((await run(['policy', 'list', '--json'], at)).json.rules).toHaveLength(1)
  })

  test('explains in words: later rules in one line, and what to add where a rule could not be decided', async () => {
    await using place = await scratch()
    const at = {configDir: place.dir}
    await run(['policy', 'apply', 'a.example', '--destination', '192.0.2.0/24', '--profile', 'secure'], at)
    for (const domain of ['a.example', 'b.example', 'c.example']) {
      await run(['policy', 'apply', domain, '--profile', 'encrypt'], at)
    }
    const told = await run(['policy', 'explain', 'x@a.example'], at)
    expect(told.stdout).toContain('2 later rules are not reached: rule r2 matched first')
    expect(told.stdout).not.toContain('rule r3')
    expect(told.stderr).toContain('say more: --destination IP, or ask the network: --live')
    const sure = await run(['policy', 'explain', 'x@a.example', '--destination', '192.0.2.1'], at)
    expect([sure.stdout, sure.stderr]).toEqual([
      expect.stringContaining('rule r1 matches'),
      expect.not.stringContaining('say more'),
    ])
  })

  test('--file takes a file, and neither a directory nor a device without end', async () => {
    await using place = await scratch()
    for (const file of [place.dir, '/dev/zero']) {
      const {code, json} = await run(['policy', 'apply', '--file', file, '--json'], {configDir: place.dir})
      expect([code, json.error.code]).toEqual([65, 'not-a-file'])
    }
  })

  test('explains receiving by the client', async () => {
    await using place = await scratch()
    const at = {configDir: place.dir}
    await run(['policy', 'apply', '--client', '192.0.2.0/24', '--profile', 'encrypt'], at)
    const {json} = await run(['policy', 'explain', 'a@b.example', '--client', '192.0.2.7', '--json'], at)
    expect(json).toMatchObject({
      input: {direction: 'receiving'},
      rule: {id: 'r1'},
      profile: {name: 'encrypt'},
      predicted: [],
    })
  })

  test('applies a file: shows the differences, exits 1 on a dry run that has some, then 0', async () => {
    await using place = await scratch()
    const at = {configDir: join(place.dir, 'config')}
    const file = join(place.dir, 'rules.yaml')
    await writeFile(file, 'rules:\n  - {id: mil, recipients: example.mil, profile: secure}\n')
    const dry = await run(['policy', 'apply', '--file', file, '--dry-run'], at)
    expect([dry.code, dry.stdout]).toEqual([1, '+ mil: example.mil → secure\n'])
    expect((await run(['policy', 'list', '--json'], at)).json.rules).toEqual([])
    const real = await run(['policy', 'apply', '--file', '-', '--json'], {...at, input: await readFile(file, 'utf8')})
    expect([real.code, real.json.written]).toEqual([0, true])
    const same = await run(['policy', 'apply', '--file', file, '--dry-run'], at)
    expect([same.code, same.stdout]).toEqual([0, 'unchanged\n'])
  })

  test('says on standard error what is weaker than it looks, and nothing with --quiet', async () => {
    await using place = await scratch()
    const at = {configDir: place.dir}
    const loud = await run(['policy', 'apply', '--direction', 'receiving', '--profile', 'encrypt'], at)
    expect([loud.code, loud.stderr]).toEqual([0, expect.stringContaining('RFC 3207')])
    expect(loud.stdout).not.toContain('RFC 3207')
    const quiet = await run(['policy', 'apply', '--direction', 'receiving', '--profile', 'encrypt', '--quiet'], at)
    expect(quiet.stderr).toBe('')
  })
})

describe('nonsense gets one line, one hint, the documented code, and changes nothing:', () => {
  test.each([
    [['policy', 'apply', 'example.mil'], 64, '--profile'],
    [['policy', 'apply', 'example.mil', '--profile', 'secrue'], 66, 'secure'],
    [['policy', 'apply', 'exa mple', '--profile', 'secure'], 64, 'pattern'],
    [['policy', 'apply', '/(/', '--profile', 'secure'], 64, 'pattern'],
    [['policy', 'apply', 'a.example', '--profile', 'secure', '--destination', '300.1.1.1'], 64, 'network'],
    [['policy', 'apply', 'a.example', '--profile', 'secure', '--before', 'r9'], 66, 'r9'],
    [['policy', 'apply', 'a.example', '--profile', 'secure', '--before', 'r1', '--first'], 64, 'before'],
    [['policy', 'apply', 'a.example', '--profile', 'secure', '--mode', 'maybe'], 64, 'mode'],
    [['policy', 'apply', 'a.example', '--file', 'x.yaml'], 64, '--file'],
    [['policy', 'apply', '--file', '/nonexistent.yaml'], 66, 'nonexistent'],
    [['policy', 'apply', '--profile', 'secure', '--dry-run'], 64, 'file'],
    [['policy', 'move', 'r1'], 64, '--before'],
    [['policy', 'show', 'r7'], 66, 'r7'],
    [['policy', 'delete'], 64, 'ID'],
    [['policy', 'explain', 'a@@b'], 64, 'address'],
    [['policy', 'explain', 'a@b.example', '--destination', 'nowhere'], 64, 'address'],
  ])('postern %j', async (args, code, word) => {
    await using place = await scratch()
    const at = {configDir: place.dir}
    const before = 'rules: [{id: r1, profile: encrypt}]\n'
    await writeFile(join(place.dir, 'policy.yaml'), before)
    await expectRefusal(args, at, code, word)
    expect(await readFile(join(place.dir, 'policy.yaml'), 'utf8')).toBe(before)
  })
})
