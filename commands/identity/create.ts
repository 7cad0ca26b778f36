import {Flags} from '@oclif/core'
import {createIdentity} from '../../src/app/identities.ts'
import {BaseCommand} from '../../src/cli/base-command.ts'
import {identityArg, identityFlags} from '../../src/cli/identity-flags.ts'
import {identityText} from '../../src/cli/identity-text.ts'
import type {DocumentOf} from '../../src/report/schema/documents.ts'

export default class IdentityCreate extends BaseCommand {
  static override summary = 'make a self-signed certificate for the relay'
  static override description =
    'Enough for opportunistic TLS; partners that verify need one of a CA: postern identity request.'

  static override examples = [
    '<%= config.bin %> identity create --hostname relay.example.org',
    '<%= config.bin %> identity create spare --hostname relay.example.org --dns mail.example.org --key rsa-2048',
  ]

  static override args = identityArg
  static override flags = {
    ...identityFlags,
    days: Flags.integer({description: 'days that it is valid', default: 397, min: 1, max: 36_500, helpValue: 'N'}),
    replace: Flags.boolean({description: 'take the place of an identity of that name'}),
  }

  async run(): Promise<DocumentOf<'identity-create'>> {
    const {args, flags} = await this.parse(IdentityCreate)
    const {hostname, dns, key, days, replace} = flags
    const identity = await createIdentity(await this.world(), args.name, {hostname, dns, key, days, replace})
    this.print(`${await identityText(identity)}\n\nidentity ${identity.name} created`)
    return {schema: 'postern.identity-create/1', change: 'created', identity}
  }
}
