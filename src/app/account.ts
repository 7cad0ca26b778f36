import {execFileSync} from 'node:child_process'
import {Exit, PosternError} from '../mail/error.ts'

/** The account that a relay started by root becomes. */
export interface Account {
  user: string
  uid: number
  gid: number
}

type Wanted = {user?: string | undefined; group?: string | undefined}

/**
 * Who the relay is to be; null: who it is already. Throws `account-unknown` (78), and `account-denied` (77) where one
 * that is not root is to become somebody else.
 */
export function accountFor({user, group}: Wanted): Account | null {
  if (user === undefined || process.getuid === undefined) return null
  const account = {
    user,
    uid: look('passwd', user, 2),
    gid: look(group ? 'group' : 'passwd', group ?? user, group ? 2 : 3),
  }
  if (process.getuid() === account.uid) return null
  if (process.getuid() === 0) return account
  throw new PosternError('account-denied', `relay.yaml has the relay run as ${user}, and only root can become that`, {
    exit: Exit.permission,
    hints: [`start it as root, or as ${user}`, 'or take user out of relay.yaml'],
  })
}

/** Whether it runs with all privileges, and nobody asked for less. */
export function isRoot(): boolean {
  return process.getuid?.() === 0
}

/** Gives root up for good, and makes sure of it. Throws `account-not-left` (70) where the system let us keep anything. */
export function becomeAccount({user, uid, gid}: Account): void {
  process.initgroups!(user, gid)
  process.setgid!(gid)
  process.setuid!(uid)
  const now = [process.getuid!(), process.geteuid!(), process.getgid!(), process.getegid!()]
  const expected = [uid, uid, gid, gid]
  const kept = process.getgroups!().includes(0) && gid !== 0
  if (kept || now.some((id, i) => id !== expected[i]) || canReturn()) {
    throw new PosternError('account-not-left', `root could not be given up for ${user}`, {exit: Exit.bug})
  }
}

/** Does something as the account would, as far as files go, and is root again afterwards. */
export function asAccount<T>({uid, gid}: Account, action: () => T): T {
  process.setegid!(gid)
  process.seteuid!(uid)
  try {
    return action()
  } finally {
    process.seteuid!(0)
    process.setegid!(0)
  }
}

function canReturn(): boolean {
  try {
    process.setuid!(0)
    return true
  } catch {
    return false
  }
}

/** One number of an entry in the system's databases, whatever keeps them (nsswitch.conf(5)). */
function look(database: 'passwd' | 'group', name: string, field: number): number {
  try {
    const entry = execFileSync('getent', [database, name], {encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore']})
    const found = entry.split('\n', 1)[0]!.split(':')[field]!
    if (/^\d+$/.test(found)) return Number(found)
    throw new Error(`no number: ${found}`)
  } catch (cause) {
    const make = database === 'passwd' ? `useradd --system ${name}` : `groupadd --system ${name}`
    throw new PosternError('account-unknown', `there is no ${database === 'passwd' ? 'user' : 'group'} ${name}`, {
      exit: Exit.badState,
      hints: [`make it: ${make}`, 'or name another in relay.yaml'],
      cause,
    })
  }
}
