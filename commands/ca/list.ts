import {type CaEntry, listCas} from '../../src/app/cas.ts'
import {BaseCommand} from '../../src/cli/base-command.ts'
import {expiryCell} from '../../src/cli/ca-text.ts'
import {type Cell, drawTable} from '../../src/cli/tables.ts'
import type {DocumentOf} from '../../src/report/schema/documents.ts'

export default class CaList extends BaseCommand {
  static override summary = 'list the imported CAs'
  static override examples = ['<%= config.bin %> ca list', '<%= config.bin %> ca list --json']

  async run(): Promise<DocumentOf<'ca-list'>> {
    await this.parse(CaList)
    const world = await this.world()
    const cas = await listCas(world)
    const head = ['ca', 'certificate', 'role', 'key', 'expires', 'chain', 'profiles']
    if (cas.length === 0) this.say('no CA is imported yet: postern ca import FILE')
    else
      this.print(
        await drawTable(
          head,
          cas.flatMap((ca) => rows(ca, world.now())),
          {spare: ['key', 'profiles', 'role']},
        ),
      )
    return {schema: 'postern.ca-list/1', cas}
  }
}

/** A row for each certificate; what is true of the whole set stands in the first. */
function rows({name, certificates, complete, profiles}: CaEntry, now: number): Cell[][] {
  const chain: Cell = complete ? {text: 'complete', as: 'good'} : {text: 'incomplete', as: 'warning'}
  return certificates.map(({subject, role, key, notAfter}, i) => [
    i === 0 ? {text: name, as: 'strong'} : '',
    subject,
    role,
    key,
    expiryCell(notAfter, now),
    i === 0 ? chain : '',
    i === 0 ? profiles : '',
  ])
}
