import {Args} from '@oclif/core'
import {listLab} from '../../src/app/list-lab.ts'
import {LabCommand} from '../../src/cli/lab-command.ts'
import {labTable} from '../../src/cli/lab-text.ts'
import type {DocumentOf} from '../../src/report/schema/documents.ts'

export default class LabList extends LabCommand {
  static override summary = 'list the partners of the lab: what is wrong with each, and what must come of it'
  static override description =
    `The outcomes are those at each level when the lab's root and intermediate are the only CAs that are trusted. Works
without a running lab too.`
  static override examples = [
    '<%= config.bin %> lab list',
    '<%= config.bin %> lab list tls smtp',
    '<%= config.bin %> lab list rc4-only --json',
  ]

  static override strict = false
  static override args = {
    partner: Args.string({description: 'partners to list, by name, domain or group; default all of them'}),
  }

  async run(): Promise<DocumentOf<'lab-list'>> {
    const {flags, argv} = await this.parse(LabList)
    const listing = await listLab(this.labDir(flags), argv as string[])
    this.print(await labTable(listing))
    if (listing.lab === null) this.say('no lab is running; start one: postern lab start')
    return {schema: 'postern.lab-list/1', ...listing}
  }
}
