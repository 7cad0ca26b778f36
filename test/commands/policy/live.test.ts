import {writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {afterAll, beforeAll, describe, expect, test} from 'vitest'
import {run, scratch} from '../../support/cli.ts'
import {type LabPlace, labPlace} from './lab-place.ts'

let place: LabPlace

beforeAll(async () => {
  place = await labPlace(['good', 'impostor', 'no-starttls'])
  await run(['profile', 'create', 'sec', '--level', 'secure', '--ca', 'mil'], place.at)
})
afterAll(() => place[Symbol.asyncDispose]())

describe('policy apply --probe', () => {
  test('opens the path under the new rule and exits 0 when mail would pass', async () => {
    const {code, json} = await run(
      ['policy', 'apply', place.domainOf('good'), '--profile', 'sec', '--probe', '--json'],
      place.at,
    )
    expect([code, json.change]).toEqual([0, 'created'])
    expect(json.probed).toMatchObject([
      {exit: 0, verdict: {fate: 'delivered'}, attempts: [{verdict: {outcome: 'verified'}}]},
    ])
  })

  test('exits 1 when mail would be refused, and the rule stands', async () => {
    const {code, stdout} = await run(
      ['policy', 'apply', place.domainOf('no-starttls'), '--profile', 'sec', '--probe'],
      place.at,
    )
    expect([code, stdout]).toEqual([1, expect.stringMatching(/created[\s\S]*deferred \(4\.7\.4\)[\s\S]*refused/)])
    expect((await run(['policy', 'list', '--json'], place.at)).json.rules).toHaveLength(2)
  })
})

describe('policy explain --live', () => {
  test('adds what the relay would meet right now', async () => {
    const {code, stdout} = await run(['policy', 'explain', `colonel@${place.domainOf('good')}`, '--live'], place.at)
    expect([code, stdout]).toEqual([0, expect.stringMatching(/right now mail to .* would be delivered[\s\S]*verified/)])
  })

  test('exits 68 for a domain that does not exist', async () => {
    const {code, json} = await run(['policy', 'explain', 'a@nowhere.invalid', '--live', '--json'], place.at)
    expect([code, json.live.verdict.fate]).toEqual([68, 'bounced'])
  })

  test('exits 75 when DNS cannot be asked', async () => {
    await using place = await scratch()
    await writeFile(join(place.dir, 'relay.yaml'), 'dns: {servers: ["127.0.0.1:1"]}\n')
    const {code, json} = await run(['policy', 'explain', 'a@b.example', '--live', '--json'], {configDir: place.dir})
    expect([code, json.live.verdict.fate]).toEqual([75, 'deferred'])
  })
})
