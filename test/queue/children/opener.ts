// Opens the queue of the directory argv[2] and says how that went; argv[3] `stay`: keeps it open.
import {openQueue} from '../../../src/queue/open.ts'

const [dir, mode] = process.argv.slice(2)
try {
  const queue = await openQueue({dir: dir!, clock: {now: () => Date.now()}, busyTimeout: 50})
  console.log('opened')
  if (mode === 'stay') setInterval(() => {}, 1000)
  else await queue.close()
} catch (error) {
  console.log((error as {code: string}).code)
}
