import {spawn} from 'node:child_process'
import {appendFile, mkdir, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {expect, test} from 'vitest'
import {programPath, scratch} from '../../support/cli.ts'

const record = (queue: string) => {
  return `${JSON.stringify({level: 'info', time: '2026-01-02T03:04:05.000Z', event: 'notice', queue, msg: 'x'})}\n`
}

test('relay logs --follow --json writes each record at once, as a document on a line of its own, and nothing at the end', async () => {
  await using place = await scratch()
  const file = join(place.dir, 'log', 'relay.log')
  await mkdir(join(place.dir, 'log'))
  await writeFile(file, record('Q0') + record('Q1'))
  const dirs = ['--config-dir', place.dir, '--data-dir', place.dir]
  const child = spawn(process.execPath, [programPath(), 'relay', 'logs', '--follow', '--json', ...dirs])
  let out = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text
  })
  const lines = () => out.split('\n').slice(0, -1)
  await expect.poll(() => lines().length, {timeout: 60_000}).toBe(2)
  for (let i = 2; i < 5; i++) {
    await appendFile(file, record(`Q${i}`))
    await expect.poll(() => lines().length, {timeout: 30_000}).toBe(i + 1)
  }
  const ended = new Promise((resolve) => child.once('close', resolve))
  child.kill('SIGINT')
  expect(await ended).toBe(0)
  expect(lines().map((line) => JSON.parse(line))).toMatchObject(
    [0, 1, 2, 3, 4].map((i) => ({schema: 'postern.relay-logs/1', records: [{queue: `Q${i}`}]})),
  )
})
