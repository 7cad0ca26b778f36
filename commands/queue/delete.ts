import {Flags} from '@oclif/core'
import {queueSummary} from '../../src/app/queue-access.ts'
import {queueDelete} from '../../src/app/queue-change.ts'
import {BaseCommand} from '../../src/cli/base-command.ts'
import {counted} from '../../src/cli/counted.ts'
import {answer} from '../../src/cli/prompts.ts'
import {choiceArgs, choiceFlags, choiceOf} from '../../src/cli/queue-flags.ts'
import type {DocumentOf} from '../../src/report/schema/documents.ts'

export default class QueueDelete extends BaseCommand {
  static override summary = 'delete messages; their senders are not told'
  static override description =
    'Chosen by flags, recipients that are being tried at this moment are left alone, and a message with other recipients stays for those. Named by its id, a message goes whole. To tell the senders: queue bounce.'
  static override examples = [
    '<%= config.bin %> queue delete 1M2P6WV5X0AB3CDE',
    '<%= config.bin %> queue delete --sender spammer@example.org --yes',
  ]

  static override args = choiceArgs

  static override flags = {
    ...choiceFlags,
    yes: Flags.boolean({description: 'without asking'}),
  }

  async run(): Promise<DocumentOf<'queue-delete'>> {
    const {args, flags} = await this.parse(QueueDelete)
    const world = await this.world()
    const filter = choiceOf('delete', args.id ?? [], flags, world.now())
    const ask = async () => {
      const {destinations} = await queueSummary(world, filter)
      const recipients = destinations.reduce((sum, one) => sum + one.recipients, 0)
      const {confirm} = await import('@inquirer/prompts')
      const message = `delete mail to ${counted(recipients, 'recipient')}, of which no sender will hear?`
      return confirm({message, default: false}, {output: process.stderr})
    }
    const sure = await answer({flag: 'yes', given: flags.yes || undefined, ask, yes: false})
    const count = sure ? await queueDelete(world, filter) : 0
    this.print(sure ? `${counted(count, 'message')} deleted` : 'nothing was deleted')
    return {schema: 'postern.queue-delete/1', count}
  }
}
