import {spawnSync} from 'node:child_process'
import {createSocket} from 'node:dgram'
import {lookup} from 'node:dns'
import {readFileSync, rmSync} from 'node:fs'
import {connect} from 'node:net'
import {afterEach, describe, expect, test} from 'vitest'

// 192.0.2.0/24 is documentation space (RFC 5737): nothing is there, and the guard must not even try.
const OUTSIDE = '192.0.2.1'
const log = process.env.POSTERN_GUARD_LOG!

describe('the guard', () => {
  // What these tests provoke on purpose must not fail them.
  afterEach(() => rmSync(log, {force: true}))

  test('refuses TCP that would leave loopback', () => {
    expect(() => connect({host: OUTSIDE, port: 25})).toThrow(/leave loopback: TCP/)
    expect(() => connect(25, OUTSIDE)).toThrow(/leave loopback: TCP/)
  })

  test.each(['::ffff:192.0.2.1', '::ffff:c000:201'])('is not deceived by %s', (host) => {
    expect(() => connect({host, port: 25})).toThrow(/leave loopback: TCP/)
  })

  test('refuses UDP that would leave loopback', () => {
    const socket = createSocket('udp4')
    expect(() => socket.send('x', 53, OUTSIDE)).toThrow(/leave loopback: UDP/)
    socket.close()
  })

  test("refuses the system's resolver for any name but localhost", () => {
    expect(() => lookup('example.mil', () => {})).toThrow(/leave loopback: lookup/)
  })

  test('refuses fetch', async () => {
    await expect(fetch(`http://${OUTSIDE}/`)).rejects.toThrow()
    expect(readFileSync(log, 'utf8')).toContain(OUTSIDE)
  })

  test('stands in the processes that a test starts, and notes what they tried', () => {
    const script = `import('node:net').then(net => net.connect({host: '${OUTSIDE}', port: 25}))`
    const child = spawnSync(process.execPath, ['-e', script], {encoding: 'utf8'})
    expect(child.status).not.toBe(0)
    expect(readFileSync(log, 'utf8')).toContain(`TCP to ${OUTSIDE}:25`)
  })
})
