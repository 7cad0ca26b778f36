import {listIdentities} from '../../src/app/identities.ts'
import {BaseCommand} from '../../src/cli/base-command.ts'
import {expiryCell} from '../../src/cli/ca-text.ts'
import {drawTable} from '../../src/cli/tables.ts'
import type {DocumentOf} from '../../src/report/schema/documents.ts'

export default class IdentityList extends BaseCommand {
  static override summary = "list the relay's own certificates"
  static override examples = ['<%= config.bin %> identity list']

  async run(): Promise<DocumentOf<'identity-list'>> {
    await this.parse(IdentityList)
    const world = await this.world()
    const identities = await listIdentities(world)
    const head = ['identity', 'names', 'issuer', 'key', 'expires', 'in use']
    const rows = identities.map(({name, certificates: [leaf], inUse}) => [
      {text: name, as: 'strong' as const},
      leaf?.dnsNames ?? '(requested)',
      leaf?.selfSigned ? 'itself' : (leaf?.issuer ?? ''),
      leaf?.key ?? '',
      leaf ? expiryCell(leaf.notAfter, world.now()) : '',
      inUse ? 'yes' : '',
    ])
    if (rows.length === 0) this.say('there is none yet: postern identity create')
    else this.print(await drawTable(head, rows, {spare: ['key']}))
    return {schema: 'postern.identity-list/1', identities}
  }
}
