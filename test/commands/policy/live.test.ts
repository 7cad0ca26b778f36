import {writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {afterAll, beforeAll, describe, expect, test} from 'vitest'
import {type Lab, startLab} from '../../../src/lab/lab.ts'
import {run, scratch} from '../../support/cli.ts'

/** The good partner, one without STARTTLS, and a relay.yaml that finds them. */
let home: Awaited<ReturnType<typeof scratch>>
let lab: Lab
const at = () => ({configDir: home.dir})
const domainOf = (name: string) => lab.partners.find((partner) => partner.name === name)!.domain

beforeAll(async () => {
  home = await scratch()
  lab = await startLab({dir: join(home.dir, 'lab'), partners: ['good', 'impostor', 'no-starttls']})
  const {smtp, smtps} = lab.ports
  await writeFile(
    join(home.dir, 'relay.yaml'),
    `hostname: relay.example.org\ndns: {servers: ["${lab.dns}"]}\nports: {smtp: ${smtp}, smtps: ${smtps}}\n`,
  )
  const pem = join(home.dir, 'root.pem')
  await writeFile(pem, lab.rootPem + lab.intermediatePem)
  await run(['ca', 'import', pem, '--name', 'mil'], at())
  await run(['profile', 'create', 'sec', '--level', 'secure', '--ca', 'mil'], at())
})

afterAll(async () => {
  await lab.stop()
  await home[Symbol.asyncDispose]()
})

describe('policy apply --probe', () => {
  test('opens the path under the new rule and exits 0 when mail would pass', async () => {
    const {code, json} = await run(['policy', 'apply', domainOf('good'), '--profile', 'sec', '--probe', '--json'], at())
    expect([code, json.change]).toEqual([0, 'created'])
    expect(json.probed).toMatchObject([
      {exit: 0, verdict: {fate: 'delivered'}, attempts: [{verdict: {outcome: 'verified'}}]},
    ])
  })

  test('exits 1 when mail would be refused, and the rule stands', async () => {
    const {code, stdout} = await run(['policy', 'apply', domainOf('no-starttls'), '--profile', 'sec', '--probe'], at())
    expect([code, stdout]).toEqual([1, expect.stringMatching(/created[\s\S]*deferred \(4\.7\.4\)[\s\S]*refused/)])
    expect((await run(['policy', 'list', '--json'], at())).json.rules).toHaveLength(2)
  })
})

describe('policy explain --live', () => {
  test('adds what the relay would meet right now', async () => {
    const {code, stdout} = await run(['policy', 'explain', `colonel@${domainOf('good')}`, '--live'], at())
    expect([code, stdout]).toEqual([0, expect.stringMatching(/right now mail to .* would be delivered[\s\S]*verified/)])
  })

  test('exits 68 for a domain that does not exist', async () => {
    const {code, json} = await run(['policy', 'explain', 'a@nowhere.invalid', '--live', '--json'], at())
    expect([code, json.live.verdict.fate]).toEqual([68, 'bounced'])
  })

  test('exits 75 when DNS cannot be asked', async () => {
    await using place = await scratch()
    await writeFile(join(place.dir, 'relay.yaml'), 'dns: {servers: ["127.0.0.1:1"]}\n')
    const {code, json} = await run(['policy', 'explain', 'a@b.example', '--live', '--json'], {configDir: place.dir})
    expect([code, json.live.verdict.fate]).toEqual([75, 'deferred'])
  })
})
