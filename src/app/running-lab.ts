import {readFile} from 'node:fs/promises'
import {join} from 'node:path'
import {Exit, PosternError} from '../mail/error.ts'

/** The directories of the lab that runs under `labDir` (`lab.json` there says so). Throws `lab-not-running` (exit 75). */
export async function runningLab(labDir: string): Promise<{configDir: string; dataDir: string}> {
  try {
    const {configDir, dataDir, pid} = JSON.parse(await readFile(join(labDir, 'lab.json'), 'utf8')) as LabRecord
    process.kill(pid, 0)
    return {configDir, dataDir}
  } catch (cause) {
    throw new PosternError('lab-not-running', 'no lab is running here', {
      exit: Exit.tryAgain,
      hints: ['start one in another terminal: postern lab start'],
      cause,
    })
  }
}

/** `lab.json`, written by `lab start` and removed when it ends. */
export interface LabRecord {
  pid: number
  configDir: string
  dataDir: string
}
