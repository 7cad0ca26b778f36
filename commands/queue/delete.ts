import {Args, Flags} from '@oclif/core'
import {QueueCommand} from '../../src/cli/queue-command.ts'
import type {DocumentOf} from '../../src/report/schema/documents.ts'

export default class QueueDelete extends QueueCommand {
  static override summary = 'delete messages; their senders are not told'
  static override examples = ['<%= config.bin %> queue delete 1M2P6WV5X0AB3CDE', '<%= config.bin %> queue delete --all']

  static override args = {
    id: Args.string({description: 'queue ids', multiple: true}),
  }

  static override flags = {
    all: Flags.boolean({description: 'every message in the queue'}),
  }

  async run(): Promise<DocumentOf<'queue-delete'>> {
    const {args, flags} = await this.parse(QueueDelete)
    const ids = args.id ?? []
    return this.change('delete', ids, flags.all)
  }
}
