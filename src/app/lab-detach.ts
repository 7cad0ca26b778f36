import {mkdirSync, openSync} from 'node:fs'
import {join} from 'node:path'
import {Exit, PosternError} from '../mail/error.ts'
import {detach} from './detach.ts'
import type {LabRecord} from './running-lab.ts'

/**
 * Starts a lab in the background and waits until it listens. `program` is how this program was started, `args` are those of
 * `lab start`. Throws what the lab could not start for, and `lab-lost` (74).
 */
export async function detachLab(
  labDir: string,
  program: string[],
  args: string[],
): Promise<{lab: LabRecord; logFile: string}> {
  mkdirSync(labDir, {recursive: true, mode: 0o700})
  const logFile = join(labDir, 'lab.log')
  const {ready: lab} = await detach<LabRecord>({
    program,
    args: ['lab', 'start', ...args],
    log: openSync(logFile, 'w', 0o600),
    name: 'the lab',
    endSilent: true,
    lost: (what) => new PosternError('lab-lost', what, {exit: Exit.io, hints: [`see ${logFile}`]}),
  })
  return {lab, logFile}
}
