import {Flags} from '@oclif/core'
import {queueList} from '../../src/app/queue-access.ts'
import {BaseCommand} from '../../src/cli/base-command.ts'
import {entryDocument, suspensionDocument} from '../../src/cli/queue-document.ts'
import {filterFlags, filterOf} from '../../src/cli/queue-flags.ts'
import {queueLines} from '../../src/cli/queue-text.ts'
import type {DocumentOf} from '../../src/report/schema/documents.ts'

export default class QueueList extends BaseCommand {
  static override summary = 'list the messages that wait, and why; the oldest first'
  static override description = 'How much waits for which domain, in a line each: queue summary.'
  static override examples = [
    '<%= config.bin %> queue list',
    '<%= config.bin %> queue list --domain example.mil --older-than 4h',
    '<%= config.bin %> queue list --reason 4.7.5 --limit 10',
    '<%= config.bin %> queue list --state held --json',
  ]

  static override flags = {
    ...filterFlags,
    limit: Flags.integer({description: 'messages at most', default: 100, min: 1, max: 10_000, helpValue: 'N'}),
    cursor: Flags.string({description: 'go on where the last list ended', helpValue: 'CURSOR'}),
  }

  async run(): Promise<DocumentOf<'queue-list'>> {
    const {flags} = await this.parse(QueueList)
    const {limit, cursor} = flags
    const world = await this.world()
    const filter = filterOf(flags, world.now())
    const listing = await queueList(world, {...filter, limit, ...(cursor !== undefined && {cursor})})
    const {messages, cursor: next, suspensions} = listing
    const width = process.stdout.isTTY ? process.stdout.columns || 80 : null
    const none = Object.keys(filter).length === 0 ? 'the queue is empty' : 'no message fits'
    this.print(queueLines(messages, {now: world.now(), width, suspensions}).join('\n') || none)
    if (next !== null) this.say(`there are more: --cursor ${next}`)
    return {
      schema: 'postern.queue-list/1',
      messages: messages.map(entryDocument),
      cursor: next,
      suspensions: suspensions.map(suspensionDocument),
    }
  }
}
