import {changePassword, requireUser} from '../../../src/app/users.ts'
import {BaseCommand} from '../../../src/cli/base-command.ts'
import {newPassword} from '../../../src/cli/new-password.ts'
import {passwordFlag, userArg} from '../../../src/cli/user-flags.ts'
import type {DocumentOf} from '../../../src/report/schema/documents.ts'

export default class RelayUserPassword extends BaseCommand {
  static override summary = 'set another password for a user'
  static override examples = [
    '<%= config.bin %> relay user password printer',
    '<%= config.bin %> relay user password printer --password-file secret.txt',
  ]

  static override args = userArg
  static override flags = passwordFlag

  async run(): Promise<DocumentOf<'relay-user-password'>> {
    const {args, flags} = await this.parse(RelayUserPassword)
    const world = await this.world()
    await requireUser(world, args.name)
    const user = await changePassword(world, args.name, await newPassword(flags['password-file'], args.name))
    this.print(`user ${user.name} has a new password`)
    return {schema: 'postern.relay-user-password/1', user}
  }
}
