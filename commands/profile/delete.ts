import {Args} from '@oclif/core'
import {deleteProfile} from '../../src/app/profiles.ts'
import {BaseCommand} from '../../src/cli/base-command.ts'
import {profileDocument} from '../../src/cli/profile-flags.ts'
import type {DocumentOf} from '../../src/report/schema/documents.ts'

export default class ProfileDelete extends BaseCommand {
  static override summary = 'delete a profile that no rule uses'
  static override examples = ['<%= config.bin %> profile delete secure-mil']
  static override args = {name: Args.string({description: 'name of the profile', required: true})}

  async run(): Promise<DocumentOf<'profile-delete'>> {
    const {args} = await this.parse(ProfileDelete)
    const profile = await deleteProfile(await this.world(), args.name)
    this.print(`profile ${profile.name} deleted`)
    return {schema: 'postern.profile-delete/1', profile: profileDocument(profile)}
  }
}
