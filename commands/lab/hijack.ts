import {Args, Flags} from '@oclif/core'
import {hijackDomain} from '../../src/app/hijack-lab.ts'
import {LabCommand} from '../../src/cli/lab-command.ts'
import type {DocumentOf} from '../../src/report/schema/documents.ts'

export default class LabHijack extends LabCommand {
  static override summary = "let another partner's host answer for a domain"
  static override description =
    `The lab's DNS gives the address of the other partner for the domain's MX host, and connections to the right one break:
what somebody who controls the network or the DNS can do. End it with lab restore.`
  static override examples = ['<%= config.bin %> lab hijack example.mil --by impostor']

  static override args = {
    domain: Args.string({description: 'domain to take over', required: true}),
  }

  static override flags = {
    by: Flags.string({description: 'partner whose host answers then', helpValue: 'PARTNER', required: true}),
  }

  async run(): Promise<DocumentOf<'lab-hijack'>> {
    const {args, flags} = await this.parse(LabHijack)
    const hijacked = await hijackDomain(this.labDir(flags), args.domain, flags.by)
    this.print(`${hijacked.mx} is ${hijacked.address} now, the host of ${hijacked.by}`)
    return {schema: 'postern.lab-hijack/1', ...hijacked}
  }
}
