import {mkdir, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {afterEach, beforeEach, describe, expect, test} from 'vitest'
import {openQueue} from '../../src/queue/open.ts'
import {put, recipient} from '../queue/support.ts'
import {type RunOptions, run, scratch} from '../support/cli.ts'

let space: Awaited<ReturnType<typeof scratch>>
let dirs: RunOptions & {configDir: string; dataDir: string}
/** Of the three messages: two days, an hour and a minute old. */
let ids: string[]

beforeEach(async () => {
  space = await scratch()
  dirs = {configDir: join(space.dir, 'config'), dataDir: join(space.dir, 'data')}
  await mkdir(dirs.configDir)
  await writeFile(
    join(dirs.configDir, 'relay.yaml'),
    'hostname: relay.example.org\nlisteners: [{address: 127.0.0.1, port: 0, tls: off}]\nroutes: [{domain: "*", host: 127.0.0.1, port: 1}]\n',
  )
  const queue = await openQueue({dir: join(dirs.dataDir, 'queue'), clock: {now: () => Date.now()}})
  const dueAt = Date.now() + 3_600_000
  ids = []
  for (const [n, hours] of [48, 1, 1 / 60].entries()) {
    const recipients = [recipient(`r${n}@example.mil`, {dueAt})]
    if (n === 1) recipients.push(recipient('other@partner.example', {dueAt}))
    const receivedAt = Math.round(Date.now() - hours * 3_600_000)
    ids.push(
      await put(queue, `Subject: number ${n}\r\nX-Odd: \u001b[31m\r\n\r\nbody ${n}\r\n`, {receivedAt, recipients}),
    )
  }
  await queue.close()
})
afterEach(async () => {
  await run(['relay', 'stop'], dirs)
  await space[Symbol.asyncDispose]()
})

const queue = (...words: string[]) => run(['queue', ...words], dirs)
const listed = async (...words: string[]) =>
  (await queue('list', ...words, '--json')).json.messages.map(({id}: {id: string}) => id)

describe('queue', () => {
  test('list by age, domain and recipient; summary by domain', async () => {
    expect(await listed('--older-than', '4h')).toEqual([ids[0]])
    expect(await listed('--newer-than', '4h', '--domain', 'EXAMPLE.mil', '--limit', '1')).toEqual([ids[1]])
    expect(await listed('--recipient', 'partner.example', '--sender', 'ann@example.org')).toEqual([ids[1]])
    const {stdout} = await queue('summary')
    expect(stdout).toMatch(
      /^domain +messages +oldest +main reason\nexample\.mil +3 +2d +not tried yet\npartner\.example +1 /,
    )
    const wrong = await queue('list', '--older-than', 'long')
    expect([wrong.code, wrong.stderr]).toEqual([64, expect.stringContaining('hint: write 90s, 27m, 4h or 5d')])
  }, 120_000)

  test('show with headers made printable, and the message octet for octet', async () => {
    const {stdout} = await queue('show', ids[0]!)
    expect(stdout).toContain('  Subject: number 0\n')
    expect(stdout).not.toContain('\u001b')
    expect((await queue('show', ids[0]!, '--headers', '--body')).stdout).toBe(
      'Subject: number 0\r\nX-Odd: \u001b[31m\r\n\r\nbody 0\r\n',
    )
    expect((await queue('show', ids[0]!, '--body')).stdout).toBe('body 0\r\n')
    expect((await queue('show', ids[0]!, '--body', '--json')).code).toBe(64)
  }, 120_000)

  test('bounce by domain returns recipients with a DSN each message, and no other recipient', async () => {
    const {json} = await queue('bounce', '--domain', 'example.mil', '--tell', 'closed until May', '--json')
    expect(json).toEqual({schema: 'postern.queue-bounce/1', count: 3, dsns: 3})
    expect(await listed('--sender', '<>')).toHaveLength(3)
    expect(await listed('--domain', 'partner.example')).toEqual([ids[1]])
    const [dsn] = await listed('--sender', '<>')
    const {stdout} = await queue('show', dsn, '--headers', '--body')
    expect(stdout).toContain('closed until May')
    expect(stdout).toContain('Subject: number 0')
  }, 120_000)

  test('works on a running relay as well: bounce, suspend, resume, delete', async () => {
    await run(['relay', 'start', '--detach'], dirs)
    expect((await queue('suspend', 'example.mil', '--for', '3h')).stdout).toMatch(/^example\.mil is suspended until 2/)
    expect((await queue('list', '--domain', 'example.mil')).stdout).toContain('suspended for 3h more')
    expect((await run(['relay', 'status'], dirs)).stdout).toContain('suspended  example.mil')
    expect((await queue('summary', '--domain', 'partner.example')).stdout).not.toContain('suspended')
    expect((await queue('summary', '--domain', 'no.example')).stdout).toBe('no message fits\n')
    expect((await queue('retry', '--domain', 'example.mil', '--json')).json.count).toBe(3)
    expect((await queue('bounce', ids[0]!, '--json')).json).toMatchObject({count: 1, dsns: 1})
    expect((await run(['relay', 'status', '--json'], dirs)).json.counters.bounced).toBe(1)
    expect((await queue('resume', 'example.mil')).code).toBe(0)
    expect((await queue('resume', 'example.mil')).code).toBe(66)
    await expect.poll(() => listed('--reason', '4.4.1', '--domain', 'example.mil'), {timeout: 60_000}).toHaveLength(2)
    expect((await queue('delete', '--recipient', 'other@partner.example', '--yes')).stdout).toBe('1 message deleted\n')
    expect(await listed('--domain', 'partner.example')).toEqual([])
  }, 180_000)

  test('retry alone means all of them', async () => {
    expect((await queue('retry', '--json')).json.count).toBe((await queue('retry', '--all', '--json')).json.count)
    expect((await queue('retry', '--json')).json.count).toBeGreaterThan(0)
  }, 60_000)

  test.each(['hold', 'release', 'bounce', 'delete'])(
    '%s of nothing in particular is a usage error',
    async (verb) => {
      const {code, stderr} = await queue(verb)
      expect([code, stderr]).toEqual([64, expect.stringContaining(`all of them: postern queue ${verb} --all`)])
      expect((await queue(verb, '--all', '--domain', 'example.mil')).code).toBe(64)
    },
    60_000,
  )

  test('delete without --yes and without a terminal deletes nothing', async () => {
    const {code, stderr} = await queue('delete', '--all')
    expect([code, stderr]).toEqual([64, expect.stringContaining('hint: add --yes')])
    expect(await listed()).toEqual(ids)
    expect((await queue('delete', '--all', '--yes')).stdout).toBe('3 messages deleted\n')
    expect(await listed()).toEqual([])
  }, 60_000)
})
