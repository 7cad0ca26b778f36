import {labMail} from '../../src/app/lab-mail.ts'
import {LabCommand} from '../../src/cli/lab-command.ts'
import {type Cell, drawTable} from '../../src/cli/tables.ts'
import type {DocumentOf} from '../../src/report/schema/documents.ts'

export default class LabMailCommand extends LabCommand {
  static override summary = 'list the mail that the partners of the lab took'
  static override examples = ['<%= config.bin %> lab mail', '<%= config.bin %> lab mail --json']

  async run(): Promise<DocumentOf<'lab-mail'>> {
    const {flags} = await this.parse(LabMailCommand)
    const mail = await labMail(this.labDir(flags))
    const rows = mail.messages.map((message): Cell[] => [
      message.at,
      message.partner,
      `<${message.from}>`,
      message.to,
      message.tls ?? 'clear text',
      message.file,
    ])
    const table = await drawTable(['at', 'partner', 'from', 'to', 'TLS', 'file'], rows)
    this.print(rows.length > 0 ? table : 'no mail yet')
    return {schema: 'postern.lab-mail/1', ...mail}
  }
}
