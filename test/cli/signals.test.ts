import {spawnSync} from 'node:child_process'
import {expect, test} from 'vitest'

test.each(['SIGINT', 'SIGTERM'])(
  '%s during a write waits until the write is complete, and ends the program then',
  (signal) => {
    const script = `
    import {heldBack} from '${new URL('../../src/cli/signals.ts', import.meta.url).href}'
    import {setTimeout as sleep} from 'node:timers/promises'
    await heldBack(async () => {
      process.kill(process.pid, '${signal}')
      await sleep(100)
      console.log('complete')
    })
    await sleep(10_000)
    console.log('lived on')
  `
    const child = spawnSync(process.execPath, ['--input-type=module', '-e', script], {encoding: 'utf8'})
    expect(child.stdout).toBe('complete\n')
    expect(child.signal).toBe(signal)
  },
)
