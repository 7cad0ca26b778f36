import {listPolicies} from '../../src/app/policies.ts'
import {BaseCommand} from '../../src/cli/base-command.ts'
import {findingLines} from '../../src/cli/findings.ts'
import {RULE_HEAD, ruleRow} from '../../src/cli/rule-text.ts'
import {drawTable} from '../../src/cli/tables.ts'
import type {DocumentOf} from '../../src/report/schema/documents.ts'

export default class PolicyList extends BaseCommand {
  static override summary = 'list the rules in order: the first that matches decides'
  static override examples = ['<%= config.bin %> policy list', '<%= config.bin %> policy list --json']

  async run(): Promise<DocumentOf<'policy-list'>> {
    await this.parse(PolicyList)
    const {rules, findings} = await listPolicies(await this.world())
    this.print(
      rules.length > 0
        ? await drawTable(RULE_HEAD, rules.map(ruleRow), {spare: ['comment']})
        : 'no rules: everything is preferred',
    )
    for (const line of findingLines(findings)) this.say(line)
    return {schema: 'postern.policy-list/1', rules, findings}
  }
}
