import {Exit, PosternError} from '../mail/error.ts'
import {askQueue} from './queue-access.ts'
import type {AppWorld} from './world.ts'

/** Nothing goes to the domain for `ms`, or until it is resumed. Returns when that ends; null: by hand. */
export async function suspendDomain(world: AppWorld, domain: string, ms: number | null): Promise<number | null> {
  const until = ms === null ? null : world.now() + ms
  await askQueue(world, {action: 'suspend', destination: domain, until}, null)
  return until
}

/** Throws `not-suspended` (66). */
export async function resumeDomain(world: AppWorld, domain: string): Promise<void> {
  if (await askQueue<boolean>(world, {action: 'resume', destination: domain}, false)) return
  throw new PosternError('not-suspended', `${domain} is not suspended`, {
    exit: Exit.missing,
    hints: ['see which are: postern queue summary'],
  })
}
