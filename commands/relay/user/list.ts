import {listUsers} from '../../../src/app/users.ts'
import {BaseCommand} from '../../../src/cli/base-command.ts'
import {drawTable} from '../../../src/cli/tables.ts'
import type {DocumentOf} from '../../../src/report/schema/documents.ts'

export default class RelayUserList extends BaseCommand {
  static override summary = 'list the users who may authenticate'
  static override examples = ['<%= config.bin %> relay user list', '<%= config.bin %> relay user list --json']

  async run(): Promise<DocumentOf<'relay-user-list'>> {
    await this.parse(RelayUserList)
    const users = await listUsers(await this.world())
    const rows = users.map(({name, iterations}) => [
      {text: name, as: 'strong' as const},
      `SCRAM-SHA-256, ${iterations} iterations`,
    ])
    if (rows.length === 0) this.say('there is none yet: postern relay user add NAME')
    else this.print(await drawTable(['user', 'password kept as'], rows))
    return {schema: 'postern.relay-user-list/1', users}
  }
}
