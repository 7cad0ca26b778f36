import {mkdir} from 'node:fs/promises'
import {join} from 'node:path'
import type {DatabaseSync} from 'node:sqlite'
import {setTimeout as sleep} from 'node:timers/promises'
import {Exit, PosternError} from '../mail/error.ts'

/** How long a command waits for another one to finish its writing, in milliseconds. */
const PATIENCE = 10_000
const POLL = 25

/**
 * Runs `action` while nobody else does so in this directory, in this process or another. The lock is the kernel's own,
 * on the file `.lock`, taken through SQLite because Node has no call for it: it ends with its holder, also by SIGKILL,
 * so that there are no stale locks to recognise. Not re-entrant. Throws `state-locked` (75) after ten seconds.
 */
export async function withLock<T>(dir: string, action: () => Promise<T>, patience = PATIENCE): Promise<T> {
  await mkdir(dir, {recursive: true, mode: 0o700})
  const lock = await openLock(dir)
  try {
    const deadline = performance.now() + patience
    while (!tryLock(lock, dir)) {
      if (performance.now() >= deadline) throw locked(dir)
      await sleep(POLL)
    }
    return await action()
  } finally {
    lock.close()
  }
}

async function openLock(dir: string): Promise<DatabaseSync> {
  const {DatabaseSync} = await import('node:sqlite')
  try {
    return new DatabaseSync(join(dir, '.lock'), {timeout: 0})
  } catch (cause) {
    throw new PosternError('state-not-writable', `cannot write in ${dir}`, {
      exit: Exit.permission,
      hints: ['check owner and mode of the directory, and of the file .lock in it'],
      cause,
    })
  }
}

const SQLITE_BUSY = 5

function tryLock(lock: DatabaseSync, dir: string): boolean {
  try {
    // The journal would be a second file; nothing is ever written here.
    lock.exec('PRAGMA journal_mode=MEMORY; BEGIN EXCLUSIVE')
    return true
  } catch (cause) {
    if ((cause as {errcode?: number}).errcode === SQLITE_BUSY) return false
    throw new PosternError('lock-broken', `cannot lock ${dir}: ${(cause as Error).message}`, {
      exit: Exit.io,
      hints: [`remove ${join(dir, '.lock')}, which holds nothing`],
      cause,
    })
  }
}

function locked(dir: string): PosternError {
  return new PosternError('state-locked', `another program is writing in ${dir}`, {
    exit: Exit.tryAgain,
    hints: ['try again in a moment'],
  })
}
