import {Args} from '@oclif/core'
import {setProfile} from '../../src/app/profiles.ts'
import {BaseCommand} from '../../src/cli/base-command.ts'
import {findingLines} from '../../src/cli/findings.ts'
import {levelFlag, profileDocument, profileFields, profileFlags} from '../../src/cli/profile-flags.ts'
import {Exit, PosternError} from '../../src/mail/error.ts'
import type {DocumentOf} from '../../src/report/schema/documents.ts'

export default class ProfileSet extends BaseCommand {
  static override summary = 'change fields of a profile'
  static override description =
    `Fields that are not named stay as they are, and so do comments in the file. Lists are replaced; an empty text
(--ca "") puts a field back to its default.`
  static override examples = [
    '<%= config.bin %> profile set secure-mil --min-tls 1.3',
    '<%= config.bin %> profile set secure-mil --subject domain --subject exact:mx1.example.mil',
  ]

  static override args = {name: Args.string({description: 'name of the profile', required: true})}
  static override flags = {level: levelFlag(), ...profileFlags}

  async run(): Promise<DocumentOf<'profile-set'>> {
    const {args, flags} = await this.parse(ProfileSet)
    const fields = profileFields(flags)
    if (Object.keys(fields).length === 0) throw nothingToSet(args.name)
    const {profile, change, findings} = await setProfile(await this.world(), args.name, fields)
    this.print(`profile ${profile.name} ${change} (level ${profile.level})`)
    for (const line of findingLines(findings)) this.say(line)
    return {schema: 'postern.profile-set/1', change, profile: profileDocument(profile), findings}
  }
}

function nothingToSet(name: string): PosternError {
  return new PosternError('flag-missing', 'nothing to set', {
    exit: Exit.usage,
    hints: [`name what to change, as: postern profile set ${name} --level secure`],
  })
}
