import {Flags} from '@oclif/core'
import {queueList} from '../../src/app/queue-access.ts'
import {BaseCommand} from '../../src/cli/base-command.ts'
import {entryDocument} from '../../src/cli/queue-document.ts'
import {queueLines} from '../../src/cli/queue-table.ts'
import {mailDomainText, parseMailDomain} from '../../src/mail/address.ts'
import type {DocumentOf} from '../../src/report/schema/documents.ts'

export default class QueueList extends BaseCommand {
  static override summary = 'list the messages that wait, and why'
  static override examples = [
    '<%= config.bin %> queue list',
    '<%= config.bin %> queue list --domain example.mil',
    '<%= config.bin %> queue list --state held --json',
  ]

  static override flags = {
    domain: Flags.string({description: 'messages to this domain alone', helpValue: 'DOMAIN'}),
    state: Flags.string({
      description: 'recipients in this state alone',
      options: ['due', 'waiting', 'held', 'leased'] as const,
      helpValue: 'STATE',
    }),
    limit: Flags.integer({description: 'messages at most', default: 100, min: 1, max: 10_000, helpValue: 'N'}),
    cursor: Flags.string({description: 'go on where the last list ended', helpValue: 'CURSOR'}),
  }

  async run(): Promise<DocumentOf<'queue-list'>> {
    const {flags} = await this.parse(QueueList)
    const {domain, state, limit, cursor} = flags
    const destination = domain === undefined ? undefined : destinationOf(domain)
    const filter = {
      limit,
      ...(state && {state: state as 'due'}),
      ...(cursor && {cursor}),
      ...(destination && {destination}),
    }
    const world = await this.world()
    const listing = await queueList(world, filter)
    this.print(queueLines(listing.messages, world.now()).join('\n') || 'the queue is empty')
    if (listing.cursor !== null) this.say(`there are more: --cursor ${listing.cursor}`)
    const {messages, cursor: next} = listing
    return {schema: 'postern.queue-list/1', messages: messages.map(entryDocument), cursor: next}
  }
}

function destinationOf(text: string): string {
  const domain = parseMailDomain(text)
  return domain ? mailDomainText(domain) : text
}
