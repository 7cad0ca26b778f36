import {queueSummary} from '../../src/app/queue-access.ts'
import {BaseCommand} from '../../src/cli/base-command.ts'
import {summaryDocument, suspensionDocument} from '../../src/cli/queue-document.ts'
import {filterFlags, filterOf} from '../../src/cli/queue-flags.ts'
import {age} from '../../src/cli/queue-text.ts'
import {drawTable} from '../../src/cli/tables.ts'
import type {DestinationSummary, Suspension} from '../../src/queue/store.ts'
import type {DocumentOf} from '../../src/report/schema/documents.ts'

export default class QueueSummary extends BaseCommand {
  static override summary = 'what waits by domain: how much, since when, and the main reason'
  static override examples = [
    '<%= config.bin %> queue summary',
    '<%= config.bin %> queue summary --older-than 4h',
    '<%= config.bin %> queue summary --reason 4.7',
  ]

  static override flags = filterFlags

  async run(): Promise<DocumentOf<'queue-summary'>> {
    const {flags} = await this.parse(QueueSummary)
    const world = await this.world()
    const filter = filterOf(flags, world.now())
    const {destinations, suspensions} = await queueSummary(world, filter)
    const filtered = Object.keys(filter).length > 0
    const table = await this.#table(destinations, suspensions, world.now())
    const none = filtered ? 'no message fits' : 'nothing waits'
    // What a filter leaves out may wait all the same.
    const idle = filtered
      ? []
      : suspensions.filter(({destination}) => !destinations.some((one) => one.destination === destination))
    this.print(
      [table ?? none, ...idle.map(({destination}) => `${destination} is suspended, and nothing for it waits`)].join(
        '\n',
      ),
    )
    return {
      schema: 'postern.queue-summary/1',
      destinations: destinations.map(summaryDocument),
      suspensions: suspensions.map(suspensionDocument),
    }
  }

  async #table(destinations: DestinationSummary[], suspensions: Suspension[], now: number): Promise<string | null> {
    const rows = destinations.map((one) => {
      const suspension = suspensions.find(({destination}) => destination === one.destination)
      return [one.destination, one.messages, age(now - one.oldest), why(one, suspension, now)]
    })
    return rows.length > 0 ? drawTable(['domain', 'messages', 'oldest', 'main reason'], rows) : null
  }
}

function why({status, reason}: DestinationSummary, suspension: Suspension | undefined, now: number): string {
  const last = reason === null ? 'not tried yet' : `${status === null ? '' : `${status} `}${reason}`
  if (!suspension) return last
  return `suspended${suspension.until === null ? '' : ` for ${age(suspension.until - now)} more`}; ${last}`
}
