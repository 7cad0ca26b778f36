import {QueueCommand} from '../../src/cli/queue-command.ts'
import {choiceArgs, choiceFlags} from '../../src/cli/queue-flags.ts'
import type {DocumentOf} from '../../src/report/schema/documents.ts'

export default class QueueRelease extends QueueCommand {
  static override summary = 'let held messages go'
  static override examples = [
    '<%= config.bin %> queue release 1M2P6WV5X0AB3CDE',
    '<%= config.bin %> queue release --domain example.mil',
    '<%= config.bin %> queue release --all',
  ]

  static override args = choiceArgs
  static override flags = choiceFlags

  async run(): Promise<DocumentOf<'queue-release'>> {
    const {args, flags} = await this.parse(QueueRelease)
    return this.change('release', args.id ?? [], flags)
  }
}
