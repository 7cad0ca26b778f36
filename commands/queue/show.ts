import {Args} from '@oclif/core'
import {queueShow} from '../../src/app/queue-access.ts'
import {BaseCommand} from '../../src/cli/base-command.ts'
import {detailDocument} from '../../src/cli/queue-document.ts'
import {detailLines} from '../../src/cli/queue-table.ts'
import type {DocumentOf} from '../../src/report/schema/documents.ts'

export default class QueueShow extends BaseCommand {
  static override summary = 'show one message: its recipients and what was tried'
  static override examples = ['<%= config.bin %> queue show 1M2P6WV5X0AB3CDE']

  static override args = {
    id: Args.string({description: 'queue id, as queue list prints it', required: true}),
  }

  async run(): Promise<DocumentOf<'queue-show'>> {
    const {args} = await this.parse(QueueShow)
    const world = await this.world()
    const message = await queueShow(world, args.id)
    this.print(detailLines(message, world.now()).join('\n'))
    return {schema: 'postern.queue-show/1', message: detailDocument(message)}
  }
}
