import {showIdentity} from '../../src/app/identities.ts'
import {BaseCommand} from '../../src/cli/base-command.ts'
import {identityArg} from '../../src/cli/identity-flags.ts'
import {identityText} from '../../src/cli/identity-text.ts'
import type {DocumentOf} from '../../src/report/schema/documents.ts'

export default class IdentityShow extends BaseCommand {
  static override summary = 'show one of the certificates of the relay, with its chain'
  static override examples = ['<%= config.bin %> identity show default']
  static override args = identityArg

  async run(): Promise<DocumentOf<'identity-show'>> {
    const {args} = await this.parse(IdentityShow)
    const identity = await showIdentity(await this.world(), args.name)
    this.print(await identityText(identity))
    return {schema: 'postern.identity-show/1', identity}
  }
}
