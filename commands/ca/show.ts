import {Args} from '@oclif/core'
import {showCa} from '../../src/app/cas.ts'
import {BaseCommand} from '../../src/cli/base-command.ts'
import {caText} from '../../src/cli/ca-text.ts'
import type {DocumentOf} from '../../src/report/schema/documents.ts'

export default class CaShow extends BaseCommand {
  static override summary = 'show the certificates of a CA, and what is missing'
  static override examples = ['<%= config.bin %> ca show mil']
  static override args = {name: Args.string({description: 'name of the CA', required: true})}

  async run(): Promise<DocumentOf<'ca-show'>> {
    const {args} = await this.parse(CaShow)
    const ca = await showCa(await this.world(), args.name)
    this.print(await caText(ca))
    return {schema: 'postern.ca-show/1', ca}
  }
}
