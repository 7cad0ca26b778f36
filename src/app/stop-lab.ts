import {existsSync} from 'node:fs'
import {rm} from 'node:fs/promises'
import {join} from 'node:path'
import {setTimeout as sleep} from 'node:timers/promises'
import {Exit, PosternError} from '../mail/error.ts'
import {withLock} from '../state/files.ts'
import {LAB_FILE, labNotRunning, runningLab} from './running-lab.ts'

const PATIENCE = 10_000
const POLL = 25

/**
 * Ends the lab of this directory and waits until it is gone. A process is signalled only while the directory is locked: then
 * the lock's holder is the lab that `lab.json` names, and no stranger that got its number. Throws `lab-not-running` (75).
 */
export async function stopLab(labDir: string): Promise<{pid: number}> {
  const path = join(labDir, LAB_FILE)
  const {pid} = await runningLab(labDir)
  if (!(await isLocked(labDir))) {
    await rm(path, {force: true})
    throw labNotRunning()
  }
  process.kill(pid, 'SIGTERM')
  for (let waited = 0; existsSync(path) || (await isLocked(labDir)); waited += POLL) {
    if (waited >= PATIENCE) {
      throw new PosternError('lab-will-not-end', `the lab, process ${pid}, does not end`, {
        exit: Exit.tryAgain,
        hints: [`kill ${pid}`],
      })
    }
    await sleep(POLL)
  }
  return {pid}
}

async function isLocked(dir: string): Promise<boolean> {
  try {
    await withLock(dir, async () => {}, 0)
    return false
  } catch (error) {
    if (error instanceof PosternError && error.code === 'state-locked') return true
    throw error
  }
}
