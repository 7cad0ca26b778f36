import {Args} from '@oclif/core'
import {showProfile} from '../../src/app/profiles.ts'
import {BaseCommand} from '../../src/cli/base-command.ts'
import {findingLines} from '../../src/cli/findings.ts'
import {profileDocument} from '../../src/cli/profile-flags.ts'
import {profileFacts} from '../../src/cli/profile-text.ts'
import {drawFacts} from '../../src/cli/tables.ts'
import type {DocumentOf} from '../../src/report/schema/documents.ts'

export default class ProfileShow extends BaseCommand {
  static override summary = 'show a profile in full, the rules that use it and what to mind about it'
  static override examples = [
    '<%= config.bin %> profile show secure-mil',
    '<%= config.bin %> profile show secure --json',
  ]
  static override args = {name: Args.string({description: 'name of the profile', required: true})}

  async run(): Promise<DocumentOf<'profile-show'>> {
    const {args} = await this.parse(ProfileShow)
    const {profile, builtin, rules, findings} = await showProfile(await this.world(), args.name)
    const used = rules.length > 0 ? rules.join(', ') : 'no rule'
    this.print(await drawFacts([...profileFacts(profile), ['used by', used], ['built in', builtin ? 'yes' : 'no']]))
    for (const line of findingLines(findings)) this.say(line)
    return {schema: 'postern.profile-show/1', profile: profileDocument(profile), builtin, rules, findings}
  }
}
