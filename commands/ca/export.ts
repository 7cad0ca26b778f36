import {Args} from '@oclif/core'
import {exportCa} from '../../src/app/cas.ts'
import {BaseCommand} from '../../src/cli/base-command.ts'
import type {DocumentOf} from '../../src/report/schema/documents.ts'

export default class CaExport extends BaseCommand {
  static override summary = 'write the certificates of a CA to standard output, as PEM'
  static override examples = ['<%= config.bin %> ca export mil > mil.pem']
  static override args = {name: Args.string({description: 'name of the CA', required: true})}

  async run(): Promise<DocumentOf<'ca-export'>> {
    const {args} = await this.parse(CaExport)
    const {name, pem} = await exportCa(await this.world(), args.name)
    this.print(pem.trimEnd())
    return {schema: 'postern.ca-export/1', name, pem}
  }
}
