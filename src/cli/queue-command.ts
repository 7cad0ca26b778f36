import {queueChange} from '../app/queue-change.ts'
import {BaseCommand} from './base-command.ts'
import {counted} from './counted.ts'
import {choiceOf, type FilterFlags} from './queue-flags.ts'

/** What the commands share that change when messages are tried: which ones in, a count out. */
export abstract class QueueCommand extends BaseCommand {
  protected async change<Action extends 'retry' | 'hold' | 'release'>(
    action: Action,
    ids: string[],
    flags: FilterFlags & {all: boolean},
  ): Promise<{schema: `postern.queue-${Action}/1`; count: number}> {
    const world = await this.world()
    const count = await queueChange(world, action, choiceOf(action, ids, flags, world.now()))
    this.print(`${counted(count, 'recipient')} ${DONE[action]}`)
    return {schema: `postern.queue-${action}/1`, count}
  }
}

const DONE = {retry: 'due now', hold: 'held', release: 'released'}
