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
    const {destinations, suspensions} = await queueSummary(world, filterOf(flags, world.now()))
    this.print(await this.#text(destinations, suspensions, world.now()))
    return {
      schema: 'postern.queue-summary/1',
      destinations: destinations.map(summaryDocument),
      suspensions: suspensions.map(suspensionDocument),
    }
  }

  async #text(destinations: DestinationSummary[], suspensions: Suspension[], now: number): Promise<string> {
    const idle = suspensions.filter(({destination}) => !destinations.some((one) => one.destination === destination))
    const rest = idle.map(({destination}) => `${destination} is suspended, and nothing for it waits`)
    if (destinations.length === 0) return ['nothing waits', ...rest].join('\n')
    const rows = destinations.map((one) => {
      const suspension = suspensions.find(({destination}) => destination === one.destination)
      return [one.destination, one.messages, age(now - one.oldest), why(one, suspension, now)]
    })
    return [await drawTable(['domain', 'messages', 'oldest', 'main reason'], rows), ...rest].join('\n')
  }
}

function why({status, reason}: DestinationSummary, suspension: Suspension | undefined, now: number): string {
  const last = reason === null ? 'not tried yet' : `${status === null ? '' : `${status} `}${reason}`
  if (!suspension) return last
  return `suspended${suspension.until === null ? '' : ` for ${age(suspension.until - now)} more`}; ${last}`
}
