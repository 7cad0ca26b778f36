import {writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {expect, test} from 'vitest'
import {run, scratch} from '../../support/cli.ts'
import {zoneServer} from '../../support/zone.ts'

test('a domain whose only mail host is this relay exits 68, with 5.4.6, from explain --live and send --direct alike', async () => {
  await using place = await scratch()
  const zone = await zoneServer('own.example 1 MX 10 relay.example.org\nrelay.example.org 1 A 127.0.0.1\n')
  const at = {configDir: place.dir}
  await writeFile(join(place.dir, 'relay.yaml'), `hostname: relay.example.org\ndns: {servers: ["${zone.address}"]}\n`)
  try {
    const {code, json} = await run(['policy', 'explain', 'a@own.example', '--live', '--json'], at)
    expect([code, json.live.verdict]).toMatchObject([68, {fate: 'bounced', status: '5.4.6'}])
    const sent = await run(['send', '--direct', '--to', 'a@own.example', '--from', 'b@own.example', '--json'], at)
    expect([sent.code, sent.json.recipients]).toMatchObject([68, [{outcome: 'bounced', status: '5.4.6'}]])
  } finally {
    await zone.stop()
  }
})

test('a receiving rule that rejects leaves no profile to show', async () => {
  await using place = await scratch()
  const at = {configDir: place.dir}
  await run(['policy', 'apply', '--client', '192.0.2.0/24', '--profile', 'none', '--action', 'reject'], at)
  const asked = ['policy', 'explain', 'a@b.example', '--client', '192.0.2.7']
  const {stdout} = await run(asked, at)
  expect(stdout).toContain('the mail is refused, whatever its TLS: 550 5.7.1')
  expect(stdout).not.toContain('level')
  expect((await run([...asked, '--json'], at)).json).toMatchObject({profile: null, rule: {action: 'reject'}, notes: []})
})
