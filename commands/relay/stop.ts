import {stopRelay} from '../../src/app/relay-stop.ts'
import {BaseCommand} from '../../src/cli/base-command.ts'
import type {DocumentOf} from '../../src/report/schema/documents.ts'

export default class RelayStop extends BaseCommand {
  static override summary = 'stop the running relay'
  static override description = 'Deliveries under way end, or go back into the queue; nothing is lost.'
  static override examples = ['<%= config.bin %> relay stop']

  async run(): Promise<DocumentOf<'relay-stop'>> {
    await this.parse(RelayStop)
    const {pid} = await stopRelay(await this.world())
    this.print(`relay stopped, pid ${pid}`)
    return {schema: 'postern.relay-stop/1', pid}
  }
}
