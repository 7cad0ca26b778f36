import {Args} from '@oclif/core'
import {movePolicy} from '../../src/app/policies.ts'
import {BaseCommand} from '../../src/cli/base-command.ts'
import {findingLines} from '../../src/cli/findings.ts'
import {positionFlags, positionOf} from '../../src/cli/flags.ts'
import {Exit, PosternError} from '../../src/mail/error.ts'
import type {DocumentOf} from '../../src/report/schema/documents.ts'

export default class PolicyMove extends BaseCommand {
  static override summary = 'move a rule: the first that matches decides'
  static override examples = [
    '<%= config.bin %> policy move r3 --first',
    '<%= config.bin %> policy move r3 --before r1',
  ]
  static override args = {id: Args.string({description: 'id of the rule', required: true})}
  static override flags = positionFlags

  async run(): Promise<DocumentOf<'policy-move'>> {
    const {args, flags} = await this.parse(PolicyMove)
    const position = positionOf(flags)
    if (position === undefined) throw nowhere()
    const moved = await movePolicy(await this.world(), args.id, position)
    const {rule, change, findings} = moved
    this.print(`rule ${rule.id} ${change === 'unchanged' ? 'stays' : 'is now'} at place ${moved.position}`)
    for (const line of findingLines(findings)) this.say(line)
    return {schema: 'postern.policy-move/1', change, rule, position: moved.position, findings}
  }
}

function nowhere(): PosternError {
  return new PosternError('flag-missing', 'where to?', {
    exit: Exit.usage,
    hints: ['add --before ID, --after ID, --first or --last'],
  })
}
