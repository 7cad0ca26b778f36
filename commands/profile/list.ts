import {listProfiles, type ProfileEntry} from '../../src/app/profiles.ts'
import {BaseCommand} from '../../src/cli/base-command.ts'
import {profileDocument} from '../../src/cli/profile-flags.ts'
import {type Cell, drawTable} from '../../src/cli/tables.ts'
import type {DocumentOf} from '../../src/report/schema/documents.ts'

export default class ProfileList extends BaseCommand {
  static override summary = 'list the profiles, built-in ones first'
  static override examples = ['<%= config.bin %> profile list', '<%= config.bin %> profile list --json']

  async run(): Promise<DocumentOf<'profile-list'>> {
    await this.parse(ProfileList)
    const entries = await listProfiles(await this.world())
    const head = ['profile', 'level', 'on failure', 'trust', 'subject', 'minimum', 'rules', 'comment']
    this.print(await drawTable(head, entries.map(row), {spare: ['comment', 'minimum', 'on failure']}))
    const profiles = entries.map(({profile, builtin, rules}) => ({...profileDocument(profile), builtin, rules}))
    return {schema: 'postern.profile-list/1', profiles}
  }
}

function row({profile, builtin, rules}: ProfileEntry): Cell[] {
  const {level, onFailure, minTls, minStrength, comment, subject} = profileDocument(profile)
  const trust = profile.ca.length > 0 ? [profile.trust, ...profile.ca] : profile.trust
  const minimum = `${minTls}, ${minStrength} bits`
  const remark: Cell = builtin ? {text: 'built in', as: 'faint'} : (comment ?? '')
  return [{text: profile.name, as: 'strong'}, level, onFailure, trust, subject, minimum, rules, remark]
}
