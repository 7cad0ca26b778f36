import {Args, Flags} from '@oclif/core'
import {importIdentity} from '../../src/app/identities.ts'
import {BaseCommand} from '../../src/cli/base-command.ts'
import {identityText} from '../../src/cli/identity-text.ts'
import type {DocumentOf} from '../../src/report/schema/documents.ts'

export default class IdentityImport extends BaseCommand {
  static override summary = "import the relay's certificate with its chain and key"
  static override description =
    `Certificate, intermediates and private key may be in one file or several. After "identity request" the
certificate alone is enough: its key waits here. Importing the same again changes nothing.`

  static override examples = [
    '<%= config.bin %> identity import fullchain.pem privkey.pem',
    '<%= config.bin %> identity import relay.p12 --password-file secret.txt --name relay',
  ]

  static override strict = false
  static override args = {
    file: Args.string({description: 'PEM, DER, PKCS#7 or PKCS#12; several are allowed', required: true}),
  }

  static override flags = {
    name: Flags.string({description: 'name of the identity', default: 'default', helpValue: 'NAME'}),
    'password-file': Flags.string({
      description: 'file whose first line is the password of a PKCS#12 file or of the key',
      env: 'POSTERN_PASSWORD_FILE',
      helpValue: 'FILE',
    }),
    replace: Flags.boolean({description: 'take the place of an identity of that name that has another key'}),
  }

  async run(): Promise<DocumentOf<'identity-import'>> {
    const {argv, flags} = await this.parse(IdentityImport)
    const {change, remarks, ...identity} = await importIdentity(await this.world(), flags.name, argv as string[], {
      passwordFile: flags['password-file'],
      replace: flags.replace,
    })
    this.print(`${await identityText(identity)}\n\nidentity ${identity.name} ${change}`)
    for (const remark of remarks) this.say(remark)
    return {schema: 'postern.identity-import/1', change, identity, remarks}
  }
}
