import {BaseCommand} from '../../src/cli/base-command.ts'
import type {DocumentOf} from '../../src/report/schema/documents.ts'

export default class ConfigPath extends BaseCommand {
  static override summary = 'print where configuration and data are kept'
  static override examples = ['<%= config.bin %> config path']

  async run(): Promise<DocumentOf<'config-path'>> {
    await this.parse(ConfigPath)
    const {configDir, dataDir} = await this.world()
    this.print(`config  ${configDir}\ndata    ${dataDir}`)
    return {schema: 'postern.config-path/1', configDir, dataDir}
  }
}
