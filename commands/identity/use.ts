import {Args} from '@oclif/core'
import {useIdentity} from '../../src/app/identities.ts'
import {BaseCommand} from '../../src/cli/base-command.ts'
import type {DocumentOf} from '../../src/report/schema/documents.ts'

export default class IdentityUse extends BaseCommand {
  static override summary = 'choose the certificate that the relay shows'
  static override examples = ['<%= config.bin %> identity use spare']
  static override args = {name: Args.string({description: 'name of the identity', required: true})}

  async run(): Promise<DocumentOf<'identity-use'>> {
    const {args} = await this.parse(IdentityUse)
    const {change, ...identity} = await useIdentity(await this.world(), args.name)
    this.print(`the relay's identity is ${identity.name} (${change})`)
    return {schema: 'postern.identity-use/1', change, identity}
  }
}
