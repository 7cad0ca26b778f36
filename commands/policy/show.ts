import {Args} from '@oclif/core'
import {showPolicy} from '../../src/app/policies.ts'
import {BaseCommand} from '../../src/cli/base-command.ts'
import {findingLines} from '../../src/cli/findings.ts'
import {profileDocument} from '../../src/cli/profile-flags.ts'
import {profileFacts} from '../../src/cli/profile-text.ts'
import {conditionLines} from '../../src/cli/rule-text.ts'
import {drawFacts} from '../../src/cli/tables.ts'
import type {DocumentOf} from '../../src/report/schema/documents.ts'

export default class PolicyShow extends BaseCommand {
  static override summary = 'show a rule with its profile'
  static override examples = ['<%= config.bin %> policy show r1']
  static override args = {id: Args.string({description: 'id of the rule', required: true})}

  async run(): Promise<DocumentOf<'policy-show'>> {
    const {args} = await this.parse(PolicyShow)
    const {rule, position, profile, findings} = await showPolicy(await this.world(), args.id)
    this.print(
      await drawFacts([
        ['rule', {text: rule.id, as: 'strong'}],
        ['place', position],
        ['direction', rule.direction],
        ['mail', conditionLines(rule)],
        ['mode', rule.mode],
        ...(rule.comment ? [['remark', rule.comment] as [string, string]] : []),
        ...profileFacts(profile),
      ]),
    )
    for (const line of findingLines(findings)) this.say(line)
    return {schema: 'postern.policy-show/1', rule, position, profile: profileDocument(profile), findings}
  }
}
