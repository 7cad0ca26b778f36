import {Args, Flags} from '@oclif/core'
import {importCa} from '../../src/app/cas.ts'
import {BaseCommand} from '../../src/cli/base-command.ts'
import {caText} from '../../src/cli/ca-text.ts'
import type {DocumentOf} from '../../src/report/schema/documents.ts'

export default class CaImport extends BaseCommand {
  static override summary = 'import CA certificates: roots and the intermediates below them'
  static override description =
    `All files together become one named CA, or nothing is stored. A profile that names it trusts what
leads to a root of it. Importing the same certificates again changes nothing; with --name of a CA that is there, the
certificates are added to it. Private keys in a file are never stored.`

  static override examples = [
    '<%= config.bin %> ca import root.pem intermediate.pem --name mil',
    '<%= config.bin %> ca import partner.p12 --password-file secret.txt',
  ]

  static override strict = false
  static override args = {
    file: Args.string({description: 'PEM, DER, PKCS#7 or PKCS#12; several are allowed', required: true}),
  }

  static override flags = {
    name: Flags.string({description: 'name to keep it under; made from the subject by default', helpValue: 'NAME'}),
    'password-file': Flags.string({
      description: 'file whose first line is the password of a PKCS#12 file',
      env: 'POSTERN_PASSWORD_FILE',
      helpValue: 'FILE',
    }),
  }

  async run(): Promise<DocumentOf<'ca-import'>> {
    const {argv, flags} = await this.parse(CaImport)
    const {change, remarks, ...ca} = await importCa(await this.world(), argv as string[], {
      name: flags.name,
      passwordFile: flags['password-file'],
    })
    this.print(`${await caText(ca)}\n\nCA ${ca.name} ${change}`)
    for (const remark of remarks) this.say(remark)
    return {schema: 'postern.ca-import/1', change, ca, remarks}
  }
}
