import {reloadRelay} from '../../src/app/relay-tls.ts'
import {BaseCommand} from '../../src/cli/base-command.ts'
import type {DocumentOf} from '../../src/report/schema/documents.ts'

export default class RelayReload extends BaseCommand {
  static override summary = 'have the running relay read its configuration'
  static override description =
    `The relay takes a change up by itself; this says whether it could. An invalid configuration changes nothing:
the relay keeps the one it has, and the command ends with exit 78.`
  static override examples = ['<%= config.bin %> relay reload']

  async run(): Promise<DocumentOf<'relay-reload'>> {
    await this.parse(RelayReload)
    const {revision, changed} = await reloadRelay(await this.world())
    this.print(changed ? `relay runs revision ${revision}` : `relay runs revision ${revision} already`)
    return {schema: 'postern.relay-reload/1', revision, changed}
  }
}
