import {Args} from '@oclif/core'
import {createProfile} from '../../src/app/profiles.ts'
import {BaseCommand} from '../../src/cli/base-command.ts'
import {findingLines} from '../../src/cli/findings.ts'
import {levelFlag, profileDocument, profileFields, profileFlags} from '../../src/cli/profile-flags.ts'
import type {DocumentOf} from '../../src/report/schema/documents.ts'

export default class ProfileCreate extends BaseCommand {
  static override summary = 'make a profile: how strict TLS has to be'
  static override description =
    `What is not said follows from the level: on-failure tempfail, subject mx, min-tls 1.2, min-strength 128,
fallback-after 1, dane and mta-sts opportunistic. With --ca those CAs alone are trusted, without it the imported ones and
the system's. Making the same profile again changes nothing.`
  static override examples = [
    '<%= config.bin %> profile create secure-mil --level secure --ca mil',
    '<%= config.bin %> profile create pinned --level secure --subject exact:mx1.example.mil --min-tls 1.3 --on-failure fail',
  ]

  static override args = {
    name: Args.string({
      description: 'name of the profile: letters, digits, dots, hyphens, underscores',
      required: true,
    }),
  }

  static override flags = {level: levelFlag({required: true}), ...profileFlags}

  async run(): Promise<DocumentOf<'profile-create'>> {
    const {args, flags} = await this.parse(ProfileCreate)
    const fields = {...profileFields(flags), level: flags.level}
    const given = Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null))
    const {profile, change, findings} = await createProfile(await this.world(), args.name, {
      ...given,
      level: flags.level,
    })
    this.print(`profile ${profile.name} ${change} (level ${profile.level})`)
    for (const line of findingLines(findings)) this.say(line)
    return {schema: 'postern.profile-create/1', change, profile: profileDocument(profile), findings}
  }
}
