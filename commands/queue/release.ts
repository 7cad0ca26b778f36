import {Args, Flags} from '@oclif/core'
import {QueueCommand} from '../../src/cli/queue-command.ts'
import type {DocumentOf} from '../../src/report/schema/documents.ts'

export default class QueueRelease extends QueueCommand {
  static override summary = 'let held messages go'
  static override examples = [
    '<%= config.bin %> queue release 1M2P6WV5X0AB3CDE',
    '<%= config.bin %> queue release --all',
  ]

  static override args = {
    id: Args.string({description: 'queue ids', multiple: true}),
  }

  static override flags = {
    all: Flags.boolean({description: 'every message in the queue'}),
  }

  async run(): Promise<DocumentOf<'queue-release'>> {
    const {args, flags} = await this.parse(QueueRelease)
    const ids = args.id ?? []
    return this.change('release', ids, flags.all)
  }
}
