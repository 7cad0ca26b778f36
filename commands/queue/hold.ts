import {Args, Flags} from '@oclif/core'
import {QueueCommand} from '../../src/cli/queue-command.ts'
import type {DocumentOf} from '../../src/report/schema/documents.ts'

export default class QueueHold extends QueueCommand {
  static override summary = 'keep messages back until they are released'
  static override examples = ['<%= config.bin %> queue hold 1M2P6WV5X0AB3CDE', '<%= config.bin %> queue hold --all']

  static override args = {
    id: Args.string({description: 'queue ids', multiple: true}),
  }

  static override flags = {
    all: Flags.boolean({description: 'every message in the queue'}),
  }

  async run(): Promise<DocumentOf<'queue-hold'>> {
    const {args, flags} = await this.parse(QueueHold)
    const ids = args.id ?? []
    return this.change('hold', ids, flags.all)
  }
}
