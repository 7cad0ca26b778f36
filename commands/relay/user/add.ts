import {addUser, requireNewUser} from '../../../src/app/users.ts'
import {BaseCommand} from '../../../src/cli/base-command.ts'
import {newPassword} from '../../../src/cli/new-password.ts'
import {passwordFlag, userArg} from '../../../src/cli/user-flags.ts'
import type {DocumentOf} from '../../../src/report/schema/documents.ts'

export default class RelayUserAdd extends BaseCommand {
  static override summary = 'add a user who may authenticate and then relay to anywhere'
  static override description =
    `Clients authenticate inside TLS, with SCRAM-SHA-256, PLAIN or LOGIN. Only a salted hash of the password is kept, in
users.yaml of the config directory; a relay that runs knows the user a moment later.`

  static override examples = [
    '<%= config.bin %> relay user add printer',
    '<%= config.bin %> relay user add anna@example.org --password-file - < secret.txt',
  ]

  static override args = userArg
  static override flags = passwordFlag

  async run(): Promise<DocumentOf<'relay-user-add'>> {
    const {args, flags} = await this.parse(RelayUserAdd)
    const world = await this.world()
    await requireNewUser(world, args.name)
    const user = await addUser(world, args.name, await newPassword(flags['password-file'], args.name))
    this.print(`user ${user.name} added`)
    return {schema: 'postern.relay-user-add/1', user}
  }
}
