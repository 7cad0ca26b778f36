import {Args} from '@oclif/core'
import {readInputFile} from '../src/app/input-file.ts'
import type {ProbeOptions, ProbeTarget} from '../src/app/probe-domain.ts'
import {probeDomains, worstExit} from '../src/app/probe-domains.ts'
import {distinctTargets, probeTarget, targetsIn} from '../src/app/probe-targets.ts'
import {BaseCommand} from '../src/cli/base-command.ts'
import {probeFlags, probeOptions} from '../src/cli/probe-flags.ts'
import {type ProbeFormat, probeAnswer} from '../src/cli/probe-output.ts'
import {ProbeProgress} from '../src/cli/probe-progress.ts'
import {standardInput} from '../src/cli/standard-input.ts'
import {Exit, PosternError} from '../src/mail/error.ts'
import type {ProbeDocument} from '../src/report/probe-schema.ts'
import {writeFileAtomic} from '../src/state/files.ts'

export default class Probe extends BaseCommand {
  static override summary = 'look at the TLS of mail to a domain, as the mailer would see it'
  static override description = `Walks every MX host and every address with the engine that the relay
delivers with, reads the certificate chain as it was presented, and says
what becomes of mail: at each of the four levels, and under the profile
that the policy would pick. Nothing is delivered: neither MAIL nor RCPT is
sent, and each address sees one connection.

Exit 0: the policy is met. 1: it is not. 75: could not look, try again.
68: there is no mail host. For several targets the worst of them: 1, then
75 and 68, then 0.`
  static override examples = [
    '<%= config.bin %> probe example.mil',
    '<%= config.bin %> probe example.mil example.org --level secure --json',
    '<%= config.bin %> probe --file partners.txt --level encrypt --format jsonl',
    '<%= config.bin %> probe example.mil --ca partner-root.pem --level secure',
    '<%= config.bin %> probe --connect 127.0.0.2:2525 --name mx1.example.mil --level secure',
  ]

  static override args = {
    target: Args.string({
      // Or oclif would take what is piped in for a target; --file - does that, line by line.
      ignoreStdin: true,
      description: 'domain, or address literal like [192.0.2.1]; several are fine',
    }),
  }

  static override strict = false
  static override flags = probeFlags

  async run(): Promise<ProbeDocument> {
    const {flags, argv} = await this.parse(Probe)
    const options = probeOptions(flags)
    const targets = await this.#targets(argv as string[], flags.file, options)
    const world = await this.world()
    const startedAt = new Date(world.now()).toISOString()
    const results = await this.#look(targets, {...options, concurrency: flags.concurrency})
    const document: ProbeDocument = {schema: 'postern.probe/1', startedAt, results}
    await this.#answer(document, flags.format as ProbeFormat, flags.output)
    this.exitWith(worstExit(results))
    return document
  }

  async #look(targets: ProbeTarget[], options: ProbeOptions & {concurrency: number}) {
    const watched = this.isQuiet || this.jsonEnabled() ? null : ProbeProgress.on(process.stderr, targets.length)
    try {
      return await probeDomains(await this.world(), targets, options, watched ?? {})
    } finally {
      watched?.clear()
    }
  }

  /** All of them are read, and refused, before anything is dialled. */
  async #targets(given: string[], file: string | undefined, {fixed}: ProbeOptions): Promise<ProbeTarget[]> {
    const named = given.map((text) => probeTarget(text))
    const listed = file === undefined ? [] : targetsIn(await listOf(file), file === '-' ? 'stdin' : file)
    const targets = distinctTargets([...named, ...listed])
    if (fixed) return [targets.length > 0 ? onlyOne(targets) : probeTarget(fixed.host)]
    if (targets.length > 0) return targets
    throw new PosternError('target-missing', 'no domain to probe was named', {
      exit: Exit.usage,
      hints: ['postern probe example.mil, or a list of them with --file'],
    })
  }

  async #answer(document: ProbeDocument, format: ProbeFormat, output: string | undefined): Promise<void> {
    if (output === undefined) return this.print(probeAnswer(document, format, process.stdout))
    const written = this.jsonEnabled() ? 'json' : format
    await writeFileAtomic(output, `${probeAnswer(document, written, null)}\n`)
    this.say(`written to ${output}`)
  }
}

async function listOf(file: string): Promise<string> {
  return file === '-' ? standardInput('file') : (await readInputFile(file)).toString('utf8')
}

function onlyOne(targets: ProbeTarget[]): ProbeTarget {
  if (targets.length === 1) return targets[0]!
  throw new PosternError('target-surplus', '--connect looks at one address, for one domain', {
    exit: Exit.usage,
    hints: ['name one domain, or none to take that of --name'],
  })
}
