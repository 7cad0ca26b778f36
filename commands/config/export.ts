import {Flags} from '@oclif/core'
import {exportConfig} from '../../src/app/config-export.ts'
import {BaseCommand} from '../../src/cli/base-command.ts'
import type {DocumentOf} from '../../src/report/schema/documents.ts'

export default class ConfigExport extends BaseCommand {
  static override summary = 'write the whole configuration as one document, without secrets'
  static override description =
    `One YAML document with the text of relay.yaml, policy.yaml, all profiles and all CAs, for a backup, another machine or
a comparison: config import takes it back byte for byte. Private keys, identities and the hashes of users' passwords are
not in it; which files were left out is said on standard error.`
  static override examples = [
    '<%= config.bin %> config export --output postern.yaml',
    '<%= config.bin %> config export | ssh relay2 postern config import - --dry-run',
  ]

  static override flags = {
    output: Flags.string({
      description: 'write to this file, which only its owner can read, in place of standard output',
      helpValue: 'FILE',
    }),
  }

  async run(): Promise<DocumentOf<'config-export'>> {
    const {flags} = await this.parse(ConfigExport)
    const {text, ...bundle} = await exportConfig(await this.world(), flags.output)
    if (flags.output === undefined) this.print(text.trimEnd())
    if (bundle.leftOut.length > 0) this.say(`left out, because they are secret: ${bundle.leftOut.join(', ')}`)
    if (flags.output !== undefined) this.say(`${Object.keys(bundle.files).length} files written to ${flags.output}`)
    return {schema: 'postern.config-export/1', ...bundle}
  }
}
