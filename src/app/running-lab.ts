import {readFile} from 'node:fs/promises'
import {join} from 'node:path'
import {Exit, PosternError} from '../mail/error.ts'

/** The directories of the lab that runs under `labDir` (`lab.json` there says so). Throws `lab-not-running` (exit 75). */
export async function runningLab(labDir: string): Promise<LabRecord> {
  try {
    const record = JSON.parse(await readFile(join(labDir, LAB_FILE), 'utf8')) as LabRecord
    process.kill(record.pid, 0)
    return record
  } catch (cause) {
    throw labNotRunning(cause)
  }
}

export const LAB_FILE = 'lab.json'

/** `lab.json`, written by `lab start` and removed when it ends. */
export interface LabRecord {
  pid: number
  configDir: string
  dataDir: string
  /** ISO 8601. */
  startedAt: string
  /** `ip:port`. */
  dns: string
  ports: {smtp: number; smtps: number}
  partners: {name: string; domain: string; mx: string; address: string}[]
}

/** `lab-not-running` (75). */
export function labNotRunning(cause?: unknown): PosternError {
  return new PosternError('lab-not-running', 'no lab is running here', {
    exit: Exit.tryAgain,
    hints: ['start one in another terminal: postern lab start'],
    cause,
  })
}
