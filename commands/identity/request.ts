import {requestIdentity} from '../../src/app/identities.ts'
import {BaseCommand} from '../../src/cli/base-command.ts'
import {identityArg, identityFlags} from '../../src/cli/identity-flags.ts'
import type {DocumentOf} from '../../src/report/schema/documents.ts'

export default class IdentityRequest extends BaseCommand {
  static override summary = 'print a certification request (CSR) for a CA'
  static override description =
    `The private key is made and kept here, or the one of that name is used again; it never leaves. When the CA has
answered: postern identity import FILE.`

  static override examples = ['<%= config.bin %> identity request --hostname relay.example.org > relay.csr']
  static override args = identityArg
  static override flags = identityFlags

  async run(): Promise<DocumentOf<'identity-request'>> {
    const {args, flags} = await this.parse(IdentityRequest)
    const {hostname, dns, key} = flags
    const result = await requestIdentity(await this.world(), args.name, {hostname, dns, key})
    this.print(result.request.trimEnd())
    this.say(`request for ${result.dnsNames.join(', ')}; its key is ${result.key} as identity ${result.name}`)
    return {schema: 'postern.identity-request/1', ...result}
  }
}
