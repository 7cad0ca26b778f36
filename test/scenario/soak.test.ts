import {expect, test} from 'vitest'
import {soak} from '../../bench/soak/soak.ts'
import {faults} from '../../bench/soak/verdict.ts'

// Long runs are for maintainers: npm run soak. This short one says nothing about slow growth: RSS is left out of it.
const BOUNDS = {rssSlope: Number.POSITIVE_INFINITY, heap: 64, fds: 16}

test('a relay among partners of every kind loses no message, and lets go of what it held', async () => {
  const lines: string[] = []
  const soaked = await soak({seconds: 12, clients: 3, every: 4, tell: (line) => lines.push(line)})
  const {account} = soaked
  console.log(
    `soak test: ${account.messages} messages, ${account.recipients} recipients: ${account.delivered} delivered, ` +
      `${account.bounced} returned, ${account.waiting} waiting, ${account.lost.length} lost, ${account.duplicates} duplicates`,
  )
  expect(faults(soaked, BOUNDS), lines.join('\n')).toEqual([])
  // A soak in which little happens would prove little.
  expect(account.delivered).toBeGreaterThan(10)
  expect(account.bounced).toBeGreaterThan(0)
}, 240_000)
