import {readdirSync, unlinkSync} from 'node:fs'
import {join} from 'node:path'
import {parentPort, receiveMessageOnPort, workerData} from 'node:worker_threads'
import {PosternError} from '../mail/error.ts'
import {CommitLoop} from './commit-loop.ts'
import {Database, type DatabaseOptions, makeDirectory} from './database.ts'
import {queueFailed} from './errors.ts'
import {Messages} from './messages.ts'
import {queueOperations} from './operations.ts'
import {type Call, packError} from './protocol.ts'
import {SEGMENTS} from './segment-format.ts'

/**
 * The thread that owns the database file. SQLite's calls block, and a commit blocks for as long as the disk takes; here
 * they block nobody but those who wait for the disk anyway.
 */
const MOST_IN_A_GROUP = 256

const port = parentPort!

try {
  serve(openHere(workerData as DatabaseOptions))
  port.postMessage({opened: true})
} catch (error) {
  port.postMessage({opened: true, error: packError(error instanceof PosternError ? error : queueFailed(error))})
  port.close()
}

function openHere(options: DatabaseOptions): CommitLoop {
  const segmentDir = join(options.dir, SEGMENTS)
  makeDirectory(segmentDir)
  const db = Database.open(options)
  const messages = new Messages(db)
  removeOrphans(segmentDir, messages.segments())
  const operations = queueOperations(db, messages)
  return new CommitLoop({db, operations, messages, segmentDir, answer: (answers) => port.postMessage(answers)})
}

function serve(loop: CommitLoop): void {
  port.on('message', (first: Call) => {
    const calls = [first, ...waiting()]
    const closing = calls.find(({operation}) => operation === 'close')
    loop.run(calls.filter((call) => call !== closing))
    if (!closing) return
    loop.close()
    port.postMessage([{call: closing.call}])
    port.close()
  })
}

/** What has come in meanwhile, without going back to the event loop. */
function waiting(): Call[] {
  const calls: Call[] = []
  while (calls.length < MOST_IN_A_GROUP) {
    const received = receiveMessageOnPort(port)
    if (!received) break
    calls.push(received.message)
  }
  return calls
}

// The lock is ours and nothing was received yet: a segment without a row is what a crash, or an abort, left behind.
function removeOrphans(segmentDir: string, known: Set<string>): void {
  for (const name of readdirSync(segmentDir)) if (!known.has(name)) unlinkSync(join(segmentDir, name))
}
