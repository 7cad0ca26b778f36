import {queueChange} from '../app/queue-access.ts'
import {Exit, PosternError} from '../mail/error.ts'
import {BaseCommand} from './base-command.ts'

/** What the commands that change the queue share: ids in, a count out. */
export abstract class QueueCommand extends BaseCommand {
  /** Does it to the messages named, or to all of them where `all` says that naming none means that. */
  protected async change<Action extends 'retry' | 'hold' | 'release' | 'delete'>(
    action: Action,
    ids: string[],
    all: boolean,
  ): Promise<{schema: `postern.queue-${Action}/1`; count: number}> {
    if (ids.length === 0 && !all) {
      throw new PosternError('argument-missing', `queue ${action} needs the id of a message`, {
        exit: Exit.usage,
        hints: ['list them: postern queue list', `or all of them: postern queue ${action} --all`],
      })
    }
    const count = await queueChange(await this.world(), action, ids)
    const what = action === 'delete' ? 'message' : 'recipient'
    this.print(`${count} ${what}${count === 1 ? '' : 's'} ${DONE[action]}`)
    return {schema: `postern.queue-${action}/1`, count}
  }
}

const DONE = {retry: 'due now', hold: 'held', release: 'released', delete: 'deleted'}
