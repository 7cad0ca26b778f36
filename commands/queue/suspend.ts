import {Args, Flags} from '@oclif/core'
import {suspendDomain} from '../../src/app/queue-suspend.ts'
import {BaseCommand} from '../../src/cli/base-command.ts'
import {destinationOf, durationOf} from '../../src/cli/queue-flags.ts'
import type {DocumentOf} from '../../src/report/schema/documents.ts'

export default class QueueSuspend extends BaseCommand {
  static override summary = 'stop deliveries to a domain; its mail is still accepted, and waits'
  static override description =
    'Kept across restarts. What is under way goes on. Lifetimes run on: suspended mail is returned when its time is over, at the first attempt after that.'
  static override examples = [
    '<%= config.bin %> queue suspend example.mil --for 2h',
    '<%= config.bin %> queue suspend example.mil',
  ]

  static override args = {
    domain: Args.string({description: 'domain, as in the recipient addresses', required: true}),
  }

  static override flags = {
    for: Flags.string({description: 'until then; without it, until queue resume', helpValue: 'DURATION'}),
  }

  async run(): Promise<DocumentOf<'queue-suspend'>> {
    const {args, flags} = await this.parse(QueueSuspend)
    const destination = destinationOf(args.domain)
    const ms = flags.for === undefined ? null : durationOf('for', flags.for)
    const time = await suspendDomain(await this.world(), destination, ms)
    const until = time === null ? null : new Date(time).toISOString()
    this.print(`${destination} is suspended until ${until ?? `you type: postern queue resume ${destination}`}`)
    return {schema: 'postern.queue-suspend/1', destination, until}
  }
}
