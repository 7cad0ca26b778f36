import {Args} from '@oclif/core'
import {deleteCa} from '../../src/app/cas.ts'
import {BaseCommand} from '../../src/cli/base-command.ts'
import type {DocumentOf} from '../../src/report/schema/documents.ts'

export default class CaDelete extends BaseCommand {
  static override summary = 'delete a CA that no profile names'
  static override examples = ['<%= config.bin %> ca delete mil']
  static override args = {name: Args.string({description: 'name of the CA', required: true})}

  async run(): Promise<DocumentOf<'ca-delete'>> {
    const {args} = await this.parse(CaDelete)
    const ca = await deleteCa(await this.world(), args.name)
    this.print(`CA ${ca.name} deleted`)
    return {schema: 'postern.ca-delete/1', ca}
  }
}
