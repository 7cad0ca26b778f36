import {checkConfig} from '../../src/app/config-check.ts'
import {BaseCommand} from '../../src/cli/base-command.ts'
import {counted} from '../../src/cli/counted.ts'
import {findingLines} from '../../src/cli/findings.ts'
import {Exit} from '../../src/mail/error.ts'
import type {DocumentOf} from '../../src/report/schema/documents.ts'

export default class ConfigCheck extends BaseCommand {
  static override summary = 'read the whole configuration and say what is wrong with it'
  static override description =
    `Exit 78 when a file is invalid, 77 when others can read a private key, 1 when a finding is an error, else 0.`
  static override examples = ['<%= config.bin %> config check', '<%= config.bin %> config check --json']

  async run(): Promise<DocumentOf<'config-check'>> {
    await this.parse(ConfigCheck)
    const report = await checkConfig(await this.world())
    const {profiles, rules, cas, identities, users} = report.counts
    const counts = [
      counted(profiles, 'profile'),
      counted(rules, 'rule'),
      counted(cas, 'CA'),
      counted(identities, 'identity', 'identities'),
      counted(users, 'user'),
    ].join(', ')
    this.print(
      [
        `${report.configDir}: ${counts}, revision ${report.revision}`,
        ...findingLines(report.findings, process.stdout),
      ].join('\n'),
    )
    if (report.findings.some(({severity}) => severity === 'error')) this.exitWith(Exit.no)
    return {schema: 'postern.config-check/1', ...report}
  }
}
