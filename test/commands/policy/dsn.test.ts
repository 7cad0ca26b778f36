import * as v from 'valibot'
import {afterAll, beforeAll, describe, expect, test} from 'vitest'
import {DOCUMENTS} from '../../../src/report/schema/documents.ts'
import {run} from '../../support/cli.ts'
import {type LabPlace, labPlace} from './lab-place.ts'

let place: LabPlace
const postern = (...args: string[]) => run(args, place.at)

beforeAll(async () => {
  place = await labPlace(['good', 'impostor'])
  await postern('profile', 'create', 'wait', '--level', 'secure', '--ca', 'mil')
  await postern('profile', 'create', 'fail', '--level', 'secure', '--ca', 'mil', '--on-failure', 'fail')
  await postern('policy', 'apply', 'wait.example', place.domainOf('impostor'), '--profile', 'wait')
  await postern('policy', 'apply', 'fail.example', '--profile', 'fail')
})
afterAll(() => place[Symbol.asyncDispose]())

const explain = (...args: string[]) => postern('policy', 'explain', ...args, '--dsn', '--json')
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
    const {stdout} = await run(['policy', 'explain', 'a@wait.example', '--dsn'], place.at)
    expect(stdout).toMatch(
      /===== certificate-host-mismatch: .* \(delayed after 4h, failed after 5d\) =====\nFrom: Mail Delivery System/,
    )
    expect(stdout).toContain('Action: failed')
    expect(stdout).not.toMatch(/Action: delayed|\r/)
  })

  test('--live is about the host that was met', async () => {
    const {code, json} = await explain(`a@${place.domainOf('impostor')}`, '--live')
    expect([code, json.dsns.length]).toEqual([1, 1])
    const [{finding, messages}] = json.dsns
    expect([finding, messages.map(({action}: {action: string}) => action)]).toEqual([null, ['delayed', 'failed']])
    expect(messages[1].message).toMatch(/mx1\.impostor[\s\S]*openssl s_client[\s\S]*Status: 5\.7\.5/)
  })

  test.each([
    ['a mail that passes', () => [`a@${place.domainOf('good')}`, '--live'], 'nothing keeps the mail back'],
    ['the null sender', () => ['a@fail.example', '--from', '<>'], 'the null sender is never sent one'],
  ])('there is none for %s', async (_, args, words) => {
    const {stdout} = await run(['policy', 'explain', ...args(), '--dsn'], place.at)
    expect(stdout).toContain(`no DSN: ${words}`)
    for (const {messages} of (await explain(...args())).json.dsns as Preview[]) expect(messages).toEqual([])
  })
})
