import {readdirSync} from 'node:fs'
import {join} from 'node:path'
import {openQueue} from '../../src/queue/open.ts'
import type {QueueDetail, QueueStore} from '../../src/queue/store.ts'
import {markedBody} from './marked.ts'
import {bodyOf, put} from './support.ts'

export type LifeFault = string | null

/** What `children/life.ts` promised in these lines and the queue in `dir` does not keep; null when all is kept. */
export async function lifeFault(dir: string, lines: string[]): Promise<LifeFault> {
  const going = goesOnAfterFailure(lines)
  if (going) return `${going} came after the store had failed`
  const queue = await openQueue({dir, clock: {now: () => 300}, minFree: 0})
  try {
    return (await brokenPromise(queue, lines)) ?? (await unfit(queue, dir))
  } finally {
    await queue.close()
  }
}

/** Three commits run side by side: those that were under way when another failed may still be kept. */
function goesOnAfterFailure(lines: string[]): string | undefined {
  const failed = lines.findIndex((line) => /^NAK .* queue-failed$/.test(line))
  if (failed < 0) return undefined
  return lines.slice(failed + 1).find((line) => /^(ACK [0-59]|END)/.test(line))
}

async function brokenPromise(queue: QueueStore, lines: string[]): Promise<LifeFault> {
  for (const line of lines) {
    const [, n, id] = /^ACK (\d+) (\w+)$/.exec(line) ?? []
    if (n === undefined || id === undefined) continue
    const fault = await faultOf(queue, lines, Number(n), id)
    if (fault) return `message ${n}: ${fault}`
  }
  return null
}

async function faultOf(queue: QueueStore, lines: string[], n: number, id: string): Promise<LifeFault> {
  const detail = await queue.show(id)
  const said = (what: string) => lines.includes(`${what} ${n}`)
  if (detail && !(await bodyOf(queue, id)).equals(markedBody(n))) return 'it is not what was committed'
  if (said('END removed') && detail) return 'it is back after its removal'
  if (said('BEGIN bounced')) return faultOfBounce(said('END bounced'), detail, await queue.show(`DSN${n}`))
  // A delivery that was not written down in time is a duplicate later, never a loss.
  if (said('BEGIN delivered') || said('BEGIN removed')) return null
  if (!detail) return 'it is lost'
  return said('END deferred') && detail.recipients[0]?.attempts !== 1 ? 'its attempt is forgotten' : null
}

function faultOfBounce(ended: boolean, detail: QueueDetail | null, dsn: QueueDetail | null): LifeFault {
  if (ended && !dsn) return 'its DSN is lost'
  if (!detail && !dsn) return 'it went without its DSN'
  return detail && dsn ? 'it has a DSN and is still there' : null
}

/** Whether the queue takes mail again, and has no file that no message owns. */
async function unfit(queue: QueueStore, dir: string): Promise<LifeFault> {
  await put(queue, 'after')
  const {messages} = await queue.list({})
  const large = messages.filter(({size}) => size > 65_536).length
  const files = readdirSync(join(dir, 'segments')).length
  return files === large ? null : `${files} segment files for ${large} large messages`
}
