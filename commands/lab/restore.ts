import {Args} from '@oclif/core'
import {restoreDomain} from '../../src/app/hijack-lab.ts'
import {LabCommand} from '../../src/cli/lab-command.ts'
import type {DocumentOf} from '../../src/report/schema/documents.ts'

export default class LabRestore extends LabCommand {
  static override summary = 'let the right host answer for a domain again'
  static override examples = ['<%= config.bin %> lab restore example.mil']

  static override args = {
    domain: Args.string({description: 'domain that was hijacked', required: true}),
  }

  async run(): Promise<DocumentOf<'lab-restore'>> {
    const {args, flags} = await this.parse(LabRestore)
    const restored = await restoreDomain(this.labDir(flags), args.domain)
    this.print(`${restored.mx} is ${restored.address} again, its own host`)
    return {schema: 'postern.lab-restore/1', ...restored}
  }
}
