import {deleteUser} from '../../../src/app/users.ts'
import {BaseCommand} from '../../../src/cli/base-command.ts'
import {userArg} from '../../../src/cli/user-flags.ts'
import type {DocumentOf} from '../../../src/report/schema/documents.ts'

export default class RelayUserDelete extends BaseCommand {
  static override summary = 'delete a user'
  static override description =
    'Sessions of this user that are open may relay no more; what they handed in is delivered.'
  static override examples = ['<%= config.bin %> relay user delete printer']
  static override args = userArg

  async run(): Promise<DocumentOf<'relay-user-delete'>> {
    const {args} = await this.parse(RelayUserDelete)
    const user = await deleteUser(await this.world(), args.name)
    this.print(`user ${user.name} deleted`)
    return {schema: 'postern.relay-user-delete/1', user}
  }
}
