import {Args, Flags} from '@oclif/core'
import {LARGEST_BUNDLE} from '../../src/app/config-bundle.ts'
import {importConfig} from '../../src/app/config-import.ts'
import {readInputFile} from '../../src/app/input-file.ts'
import {BaseCommand} from '../../src/cli/base-command.ts'
import {changeLines, changeWord} from '../../src/cli/config-text.ts'
import {findingLines} from '../../src/cli/findings.ts'
import {standardInput} from '../../src/cli/standard-input.ts'
import {Exit} from '../../src/mail/error.ts'
import type {DocumentOf} from '../../src/report/schema/documents.ts'

export default class ConfigImport extends BaseCommand {
  static override summary = 'make the files of an exported document the configuration'
  static override description =
    `All or nothing: the document is checked as a whole before the first file is written, and where a write fails, those
before it are undone. What is not in the document goes; private keys, identities and users stay as they are. The
differences are printed, + added, - removed, ~ changed.

With --dry-run nothing is written, and the exit code is 1 when something differs.`
  static override examples = [
    '<%= config.bin %> config import postern.yaml --dry-run',
    '<%= config.bin %> config import postern.yaml',
  ]

  static override args = {
    file: Args.string({description: 'what config export wrote; - reads standard input', required: true}),
  }

  static override flags = {
    'dry-run': Flags.boolean({description: 'print the differences and write nothing'}),
  }

  async run(): Promise<DocumentOf<'config-import'>> {
    const {args, flags} = await this.parse(ConfigImport)
    const dryRun = flags['dry-run'] === true
    const result = await importConfig(await this.world(), await source(args.file), {dryRun})
    const {changes, findings, ...rest} = result
    this.print(changes.length > 0 ? changeLines(changes).join('\n') : 'unchanged')
    for (const line of findingLines(findings)) this.say(line)
    if (dryRun && changes.length > 0) this.exitWith(Exit.no)
    const told = changes.map((change) => ({path: change.path, change: changeWord(change)}))
    return {schema: 'postern.config-import/1', ...rest, changes: told, dryRun, findings}
  }
}

async function source(path: string): Promise<{path: string; text: string}> {
  if (path === '-') return {path: '(standard input)', text: await standardInput('file', LARGEST_BUNDLE)}
  return {path, text: (await readInputFile(path, LARGEST_BUNDLE)).toString('utf8')}
}
