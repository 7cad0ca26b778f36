import {BaseCommand} from '../../src/cli/base-command.ts'

export default class ConfigPath extends BaseCommand {
  static override summary = 'print where configuration and data are kept'
  static override examples = ['<%= config.bin %> config path']

  async run(): Promise<{schema: string; configDir: string; dataDir: string}> {
    await this.parse(ConfigPath)
    const {configDir, dataDir} = await this.world()
    this.print(`config  ${configDir}\ndata    ${dataDir}`)
    return {schema: 'postern.config-path/1', configDir, dataDir}
  }
}
