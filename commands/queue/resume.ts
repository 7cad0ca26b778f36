import {Args} from '@oclif/core'
import {resumeDomain} from '../../src/app/queue-suspend.ts'
import {BaseCommand} from '../../src/cli/base-command.ts'
import {destinationOf} from '../../src/cli/queue-flags.ts'
import type {DocumentOf} from '../../src/report/schema/documents.ts'

export default class QueueResume extends BaseCommand {
  static override summary = 'let deliveries to a suspended domain go on'
  static override description = 'Mail goes out when it is due; at once: queue retry --domain.'
  static override examples = ['<%= config.bin %> queue resume example.mil']

  static override args = {
    domain: Args.string({description: 'domain, as queue suspend was given it', required: true}),
  }

  async run(): Promise<DocumentOf<'queue-resume'>> {
    const {args} = await this.parse(QueueResume)
    const destination = destinationOf(args.domain)
    await resumeDomain(await this.world(), destination)
    this.print(`deliveries to ${destination} go on`)
    return {schema: 'postern.queue-resume/1', destination}
  }
}
