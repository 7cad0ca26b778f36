import {Args} from '@oclif/core'
import {Baseline} from '../src/app/probe-baseline.ts'
import {openProber, type Prober} from '../src/app/probe-domain.ts'
import {probeDomains, type Tally} from '../src/app/probe-domains.ts'
import type {Listed} from '../src/app/probe-list.ts'
import {BaseCommand} from '../src/cli/base-command.ts'
import {probeFlags, probeOptions} from '../src/cli/probe-flags.ts'
import type {ProbeProgress} from '../src/cli/probe-progress.ts'
import type {ProbeFormat} from '../src/cli/probe-renderings.ts'
import {type ProbeSink, probeSink} from '../src/cli/probe-sink.ts'
import {noTarget, probeSource} from '../src/cli/probe-source.ts'
import {Exit} from '../src/mail/error.ts'
import type {ProbeDocument} from '../src/report/probe-schema.ts'

export default class Probe extends BaseCommand {
  static override summary = 'look at the TLS of mail to a domain, as the mailer would see it'
  static override description = `Walks every MX host and every address with the engine that the relay
delivers with, reads the certificate chain as it was presented, and says
what becomes of mail: at each of the four levels, and under the profile
that the policy would pick. Nothing is delivered: neither MAIL nor RCPT is
sent, and each address sees one connection.

Exit 0: the policy is met. 1: it is not. 75: could not look, try again.
68: there is no mail host. 64: a line of a list names no domain. For several
targets the worst of them: 1, then 64, 75 and 68, then 0. Interrupted with
ctrl-C it prints what is done, and ends with 130.`
  static override examples = [
    '<%= config.bin %> probe example.mil',
    '<%= config.bin %> probe example.mil example.org --level secure --json',
    '<%= config.bin %> probe --file partners.txt --level encrypt --format jsonl',
    '<%= config.bin %> probe --file partners.txt --format html --output partners.html',
    '<%= config.bin %> probe --file partners.txt --format junit --output probe.xml',
    '<%= config.bin %> probe example.mil --ca partner-root.pem --level secure',
    '<%= config.bin %> probe --file partners.txt --baseline partners.json --expiry-days 30',
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
    const source = await probeSource(argv as string[], flags.file, options)
    const world = await this.world()
    const prober = await openProber(world, options)
    const {baseline: file, accept} = flags
    const baseline = file === undefined ? null : await Baseline.open(file, {accept})
    const watched = this.isQuiet || this.jsonEnabled() ? null : await source.progress(process.stderr)
    const sink = await probeSink({
      head: {schema: 'postern.probe/1', startedAt: new Date(world.now()).toISOString()},
      ...{format: flags.format as ProbeFormat, json: this.jsonEnabled(), output: flags.output},
      version: this.config.version,
      before: () => watched?.clear(),
    })
    try {
      const tally = await this.#look(
        prober,
        source.targets,
        {concurrency: flags.concurrency, baseline},
        {watched, sink},
      )
      if (await baseline?.save(world.now())) this.say(`the baseline ${file} is up to date`)
      const document = await sink.end(tally)
      if (flags.output !== undefined) this.say(`written to ${flags.output}`)
      if (tally.stopped) this.say('interrupted: what was done by then is above')
      this.exitWith(tally.stopped ? Exit.interrupted : tally.exit)
      return document
    } catch (error) {
      await sink.abandon()
      throw error
    } finally {
      watched?.clear()
      source.close()
    }
  }

  async #look(
    prober: Prober,
    targets: AsyncIterable<Listed>,
    options: {concurrency: number; baseline: Baseline | null},
    {watched, sink}: {watched: ProbeProgress | null; sink: ProbeSink},
  ): Promise<Tally> {
    const stop = new AbortController()
    const interrupt = () => stop.abort(new Error('interrupted'))
    process.once('SIGINT', interrupt)
    try {
      const tally = await probeDomains(
        prober,
        targets,
        {...options, stop: stop.signal},
        {
          event: (target, event) => watched?.event(target, event),
          result: async (result, index) => {
            if (result.exit === Exit.usage) this.say(`postern: ${result.summary}`)
            await sink.result(result, index)
            watched?.result(result)
          },
        },
      )
      if (tally.pass + tally.fail + tally.undetermined === 0 && !tally.stopped) throw noTarget()
      return tally
    } finally {
      process.off('SIGINT', interrupt)
    }
  }
}
