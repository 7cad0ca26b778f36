import {once} from 'node:events'
import {Args, Flags} from '@oclif/core'
import {queueShow, queueSummary} from '../../src/app/queue-access.ts'
import {messageHeaders, messageOctets, messageSections} from '../../src/app/queue-body.ts'
import {BaseCommand} from '../../src/cli/base-command.ts'
import {detailDocument} from '../../src/cli/queue-document.ts'
import {detailLines} from '../../src/cli/queue-text.ts'
import {Exit, PosternError} from '../../src/mail/error.ts'
import type {DocumentOf} from '../../src/report/schema/documents.ts'

export default class QueueShow extends BaseCommand {
  static override summary = 'show one message: headers, recipients, and what was tried'
  static override examples = [
    '<%= config.bin %> queue show 1M2P6WV5X0AB3CDE',
    '<%= config.bin %> queue show 1M2P6WV5X0AB3CDE --headers --body > message.eml',
  ]

  static override args = {
    id: Args.string({description: 'queue id, as queue list prints it', required: true}),
  }

  static override flags = {
    headers: Flags.boolean({description: 'its header section alone, octet for octet, with the empty line behind it'}),
    body: Flags.boolean({description: 'its body alone, octet for octet; with --headers the whole message'}),
  }

  async run(): Promise<DocumentOf<'queue-show'>> {
    const {args, flags} = await this.parse(QueueShow)
    const world = await this.world()
    const detail = await queueShow(world, args.id)
    if (flags.headers || flags.body) await this.#write(args.id, flags)
    const {headers, damage} = await messageHeaders(world, args.id)
    if (!flags.headers && !flags.body) {
      const {suspensions} = await queueSummary(world, {ids: [args.id]})
      const width = process.stdout.isTTY ? process.stdout.columns || 80 : null
      this.print(detailLines({detail, headers, damage}, {now: world.now(), width, suspensions}).join('\n'))
    }
    const message = {...detailDocument(detail), headers: headers.toString('utf8'), damage}
    return {schema: 'postern.queue-show/1', message}
  }

  /** Raw, for a pipe or a file. */
  async #write(id: string, {headers, body}: {headers: boolean; body: boolean}): Promise<void> {
    if (this.jsonEnabled()) {
      throw new PosternError('flag-conflict', '--headers and --body write the message itself, and --json a document', {
        exit: Exit.usage,
        hints: ['leave --json out, or the others: the document has the headers'],
      })
    }
    for await (const part of messageSections(messageOctets(await this.world(), id))) {
      if (part.of === 'headers' ? !headers : !body) continue
      if (!process.stdout.write(part.octets)) await once(process.stdout, 'drain')
    }
  }
}
