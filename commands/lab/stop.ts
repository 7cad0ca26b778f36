import {stopLab} from '../../src/app/stop-lab.ts'
import {LabCommand} from '../../src/cli/lab-command.ts'
import type {DocumentOf} from '../../src/report/schema/documents.ts'

export default class LabStop extends LabCommand {
  static override summary = 'end the lab, wherever it runs'
  static override examples = ['<%= config.bin %> lab stop']

  async run(): Promise<DocumentOf<'lab-stop'>> {
    const {flags} = await this.parse(LabStop)
    const {pid} = await stopLab(this.labDir(flags))
    this.print(`the lab has ended, process ${pid}`)
    return {schema: 'postern.lab-stop/1', pid}
  }
}
