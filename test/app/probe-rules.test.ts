import {mkdir, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {expect, test} from 'vitest'
import {probeBench} from '../support/probe.ts'

const ZONE = 'example.mil 60 MX 10 mx1.example.mil\nmx1.example.mil 60 A 127.0.0.2'

test('--rules says what the rules of a file would say, and changes nothing', async () => {
  await using bench = await probeBench(ZONE, [{}])
  const {configDir} = bench.world
  const file = join(configDir, 'new-policy.yaml')
  await writeFile(file, 'rules:\n  - {recipients: [example.mil], profile: encrypt}\n')
  expect(await bench.probe('example.mil')).toMatchObject({verdict: 'pass', profile: {name: 'preferred', rule: null}})
  const rehearsed = await bench.probe('example.mil', {rules: file, pause: 0})
  expect(rehearsed).toMatchObject({verdict: 'fail', exit: 1, profile: {name: 'encrypt', rule: 'r1'}})
  expect(await bench.probe('example.mil')).toMatchObject({profile: {rule: null}})
})

test.each([
  ['rules: [', /new\.yaml:1/, 65],
  ['rules:\n  - {recipients: [example.mil], profile: nobody}\n', /there is no nobody/, 65],
])('rules that are not sound are refused with their line: %j', async (text, message, exit) => {
  await using bench = await probeBench(ZONE)
  const dir = join(bench.world.dataDir, 'rules')
  await mkdir(dir, {recursive: true})
  await writeFile(join(dir, 'new.yaml'), text)
  await expect(bench.probe('example.mil', {rules: join(dir, 'new.yaml')})).rejects.toMatchObject({
    message: expect.stringMatching(message),
    exit,
  })
})
