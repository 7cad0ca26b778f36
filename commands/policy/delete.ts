import {Args} from '@oclif/core'
import {deletePolicy} from '../../src/app/policies.ts'
import {BaseCommand} from '../../src/cli/base-command.ts'
import {ruleLine} from '../../src/cli/rule-text.ts'
import type {DocumentOf} from '../../src/report/schema/documents.ts'

export default class PolicyDelete extends BaseCommand {
  static override summary = 'delete a rule'
  static override examples = ['<%= config.bin %> policy delete r2']
  static override args = {id: Args.string({description: 'id of the rule', required: true})}

  async run(): Promise<DocumentOf<'policy-delete'>> {
    const {args} = await this.parse(PolicyDelete)
    const rule = await deletePolicy(await this.world(), args.id)
    this.print(`rule ${ruleLine(rule)} deleted`)
    return {schema: 'postern.policy-delete/1', rule}
  }
}
