import {writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import * as v from 'valibot'
import {afterAll, beforeAll, describe, expect, test} from 'vitest'
import {type Lab, startLab} from '../../../src/lab/lab.ts'
import {DOCUMENTS} from '../../../src/report/schema/documents.ts'
import {run, scratch} from '../../support/cli.ts'

let home: Awaited<ReturnType<typeof scratch>>
let lab: Lab
const at = () => ({configDir: home.dir})
const domainOf = (name: string) => lab.partners.find((partner) => partner.name === name)!.domain

beforeAll(async () => {
  home = await scratch()
  lab = await startLab({dir: join(home.dir, 'lab'), partners: ['good', 'impostor']})
  const {smtp, smtps} = lab.ports
  await writeFile(
    join(home.dir, 'relay.yaml'),
    `hostname: relay.example.org\ndns: {servers: ["${lab.dns}"]}\nports: {smtp: ${smtp}, smtps: ${smtps}}\n`,
  )
  const pem = join(home.dir, 'root.pem')
  await writeFile(pem, lab.rootPem + lab.intermediatePem)
  await run(['ca', 'import', pem, '--name', 'mil'], at())
  await run(['profile', 'create', 'wait', '--level', 'secure', '--ca', 'mil'], at())
  await run(['profile', 'create', 'fail', '--level', 'secure', '--ca', 'mil', '--on-failure', 'fail'], at())
  await run(['policy', 'apply', 'wait.example', domainOf('impostor'), '--profile', 'wait'], at())
  await run(['policy', 'apply', 'fail.example', '--profile', 'fail'], at())
})
afterAll(async () => {
  await lab.stop()
  await home[Symbol.asyncDispose]()
})

const explain = (...args: string[]) => run(['policy', 'explain', ...args, '--dsn', '--json'], at())
type Preview = {finding: string | null; messages: {action: string; after: number; message: string}[]}

describe('policy explain --dsn', () => {
  test('has a DSN for each finding that keeps mail back, and none for the others', async () => {
    const {code, json} = await explain('a@fail.example', '--from', 'ops@example.org')
    expect(v.safeParse(DOCUMENTS.get('policy-explain')!, json).issues).toBeUndefined()
    const kept = json.predicted.filter(({fate}: {fate: string}) => fate !== 'delivered')
    expect([code, json.dsns.map(({finding}: Preview) => finding)]).toEqual([
      0,
      kept.map(({finding}: {finding: string}) => finding),
    ])
    for (const {finding, messages} of json.dsns as Preview[]) {
      const last = messages.at(-1)!
      expect(last.message.replaceAll(/\s+/g, ' ')).toContain(`(check: ${finding})`)
      expect(last.message).toMatch(/^To: <ops@example\.org>\r$/m)
    }
  })

  test('says when each is sent: at once where the policy fails, else a warning and then the end', async () => {
    const when = async (recipient: string) => {
      const {json} = await explain(recipient)
      const {messages} = json.dsns.find(({finding}: Preview) => finding === 'certificate-expired')
      return messages.map(({action, after}: {action: string; after: number}) => [action, after / 3_600_000])
    }
    expect(await when('a@fail.example')).toEqual([['failed', 0]])
    expect(await when('wait.example')).toEqual([
      ['delayed', 4],
      ['failed', 120],
    ])
  })

  test('prints them as they go out', async () => {
    const {stdout} = await run(['policy', 'explain', 'a@wait.example', '--dsn'], at())
    expect(stdout).toMatch(
      /===== certificate-host-mismatch: .* \(delayed after 4h, failed after 5d\) =====\nFrom: Mail Delivery System/,
    )
    expect(stdout).toContain('Action: failed')
    expect(stdout).not.toMatch(/Action: delayed|\r/)
  })

  test('--live is about the host that was met', async () => {
    const {code, json} = await explain(`a@${domainOf('impostor')}`, '--live')
    expect([code, json.dsns.length]).toEqual([1, 1])
    const [{finding, messages}] = json.dsns
    expect([finding, messages.map(({action}: {action: string}) => action)]).toEqual([null, ['delayed', 'failed']])
    expect(messages[1].message).toMatch(/mx1\.impostor[\s\S]*openssl s_client[\s\S]*Status: 5\.7\.5/)
  })

  test.each([
    ['a mail that passes', () => [`a@${domainOf('good')}`, '--live'], 'nothing keeps the mail back'],
    ['the null sender', () => ['a@fail.example', '--from', '<>'], 'the null sender is never sent one'],
  ])('there is none for %s', async (_, args, words) => {
    const {stdout} = await run(['policy', 'explain', ...args(), '--dsn'], at())
    expect(stdout).toContain(`no DSN: ${words}`)
    for (const {messages} of (await explain(...args())).json.dsns as Preview[]) expect(messages).toEqual([])
  })
})
