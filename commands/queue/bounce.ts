import {Flags} from '@oclif/core'
import {queueBounce} from '../../src/app/queue-change.ts'
import {BaseCommand} from '../../src/cli/base-command.ts'
import {counted} from '../../src/cli/counted.ts'
import {choiceArgs, choiceFlags, choiceOf} from '../../src/cli/queue-flags.ts'
import {printable} from '../../src/mail/domain.ts'
import type {DocumentOf} from '../../src/report/schema/documents.ts'

const OUR_REASON = 'returned by the administrator of this host'

export default class QueueBounce extends BaseCommand {
  static override summary = 'return messages to their senders now, with a report that they failed'
  static override description =
    '--reason chooses by the reason of the last attempt; what the senders read is --tell. Recipients that are being tried at this moment are left alone.'
  static override examples = [
    '<%= config.bin %> queue bounce 1M2P6WV5X0AB3CDE',
    '<%= config.bin %> queue bounce --domain example.mil --tell "example.mil is closed until May"',
  ]

  static override args = choiceArgs

  static override flags = {
    ...choiceFlags,
    tell: Flags.string({description: 'what the senders are told', default: OUR_REASON, helpValue: 'TEXT'}),
  }

  async run(): Promise<DocumentOf<'queue-bounce'>> {
    const {args, flags} = await this.parse(QueueBounce)
    const world = await this.world()
    const filter = choiceOf('bounce', args.id ?? [], flags, world.now())
    const {recipients, dsns} = await queueBounce(world, filter, printable(flags.tell, 500))
    this.print(`${counted(recipients, 'recipient')} returned, ${counted(dsns, 'report')} on the way`)
    return {schema: 'postern.queue-bounce/1', count: recipients, dsns}
  }
}
