import {Flags} from '@oclif/core'
import {ownIdentity, type SetupAnswers, type SetupResult, writeSetup} from '../src/app/setup.ts'
import {setupCommands} from '../src/app/setup-commands.ts'
import {type Rehearsal, rehearseSetup} from '../src/app/setup-rehearsal.ts'
import type {AppWorld} from '../src/app/world.ts'
import {BaseCommand} from '../src/cli/base-command.ts'
import {paintFor} from '../src/cli/colour.ts'
import {findingLines} from '../src/cli/findings.ts'
import {probeTable} from '../src/cli/probe-output.ts'
import {ProbeProgress} from '../src/cli/probe-progress.ts'
import {levelFlag} from '../src/cli/profile-flags.ts'
import {askSetup, confirmSetup, type SetupFlags} from '../src/cli/setup-questions.ts'
import {changeLines, decidingLines, objectionTo, standingText} from '../src/cli/setup-text.ts'
import {shellLine} from '../src/cli/shell-line.ts'
import {heldBack, interruptible} from '../src/cli/signals.ts'
import {Exit, type ExitCode} from '../src/mail/error.ts'
import type {DocumentOf} from '../src/report/schema/documents.ts'
import {loadConfiguration} from '../src/state/load.ts'

export default class Setup extends BaseCommand {
  static override summary =
    'protect one partner, step by step: CA, profile, policy, identity, and a probe that proves it'
  static override description =
    `Asks for the partner's domain, the CA that issued its certificate, how strict TLS has to be and what happens when it
cannot be had. Then it probes the domain under exactly that policy and, if you agree, writes it. Every question has a
flag; with --yes nothing is asked, what no flag says has its default, and the policy is written even if the partner does
not meet it now (exit 1, or 75 where that could not be told). Running it twice changes nothing. "No" to the last
question, and ctrl-C at any (exit 130), leave everything as it was.`
  static override examples = [
    '<%= config.bin %> setup',
    '<%= config.bin %> setup --domain example.mil --ca mil-root.pem --level secure --hostname relay.example.org --yes',
  ]

  static override flags = {
    domain: Flags.string({description: "the partner's domain", helpValue: 'DOMAIN'}),
    ca: Flags.string({
      description: `file with the partner's CA; several are allowed; "" for the system's CAs, which is the default`,
      helpValue: 'FILE',
      multiple: true,
      multipleNonGreedy: true,
    }),
    'ca-name': Flags.string({description: 'name to keep the CA under; made from its subject', helpValue: 'NAME'}),
    level: levelFlag(),
    'on-failure': Flags.option({
      options: ['tempfail', 'fail'] as const,
      description: 'keep the mail and try again, or return it at once',
    })(),
    hostname: Flags.string({description: "name in the relay's own certificate", helpValue: 'HOST'}),
    profile: Flags.string({description: 'name of the profile; made from level and domain', helpValue: 'NAME'}),
    yes: Flags.boolean({description: 'ask nothing; what no flag says has its default'}),
  }

  async run(): Promise<DocumentOf<'setup'>> {
    const {flags} = await this.parse(Setup)
    const world = await this.world()
    const {answers, rehearsal, agreed} = await interruptible((signal) => this.#prepare(world, flags, signal))
    const isDone = changeLines(rehearsal.result, null).length === 0
    const write = async () => {
      const result = await writeSetup(world, answers, rehearsal.position)
      this.print('Written. A running relay picks it up at once; else: postern relay start')
      this.#tellStanding(rehearsal)
      return result
    }
    const written = agreed && !isDone ? await heldBack(write) : null
    if (!agreed) this.print('Nothing was written.')
    if (isDone) this.#tellStanding(rehearsal)
    this.exitWith(exitOf(rehearsal, agreed))
    return report(rehearsal, written, this.#commands(answers, rehearsal, flags))
  }

  /** All that comes before the first write. */
  async #prepare(world: AppWorld, flags: SetupFlags & PlaceFlags, signal: AbortSignal) {
    const {settings} = await loadConfiguration(world.configDir)
    const hasIdentity = (await ownIdentity(world, undefined)).present !== null
    const answers = await askSetup(flags, {now: world.now(), hostname: settings.hostname, hasIdentity, signal})
    const rehearsal = await this.#rehearse(world, answers, signal)
    this.#show(rehearsal, this.#commands(answers, rehearsal, flags))
    const isDone = changeLines(rehearsal.result, null).length === 0
    const agreed = isDone || (await confirmSetup(objectionTo(rehearsal), signal, flags.yes))
    return {answers, rehearsal, agreed}
  }

  async #rehearse(world: AppWorld, answers: SetupAnswers, signal: AbortSignal): Promise<Rehearsal> {
    const {ascii} = answers.domain
    this.say(`\nprobing ${ascii} under this policy …\n`)
    const isWatched = !this.isQuiet && !this.jsonEnabled() && ProbeProgress.canBeSeen(process.stderr)
    const progress = isWatched ? new ProbeProgress(process.stderr, 1) : null
    try {
      return await rehearseSetup(world, answers, {signal, observe: (event) => progress?.event(ascii, event)})
    } finally {
      progress?.clear()
    }
  }

  #show({result, replaced, probe, deciding, findings, remarks}: Rehearsal, commands: string[]): void {
    const document = {schema: 'postern.probe/1' as const, startedAt: new Date().toISOString(), results: [probe]}
    this.print(probeTable(document, process.stdout))
    const paint = paintFor(process.stdout)
    this.print(`\n${paint.strong('The same, as commands:')}\n${commands.map((line) => `  ${line}`).join('\n')}`)
    const changes = changeLines(result, replaced)
    this.print(`\n${changes.join('\n') || 'All of this is there already: nothing to write.'}\n`)
    const grave = findings.filter(({severity}) => severity !== 'info')
    for (const line of [...findingLines(grave), ...remarks, ...decidingLines(deciding)]) this.say(line)
  }

  #tellStanding({probe}: Rehearsal): void {
    if (probe.verdict !== 'pass') this.say(standingText(probe))
  }

  /** What is typed elsewhere has to mean the same directories. */
  #commands(answers: SetupAnswers, {result, position}: Rehearsal, flags: PlaceFlags): string[] {
    const place = [
      ...(flags.lab ? ['--lab'] : []),
      ...placeFlag('config-dir', flags, process.env.POSTERN_CONFIG_DIR),
      ...placeFlag('data-dir', flags, process.env.POSTERN_DATA_DIR),
    ]
    return setupCommands(answers, result, position).map((words) => shellLine([...words, ...place]))
  }
}

interface PlaceFlags {
  lab?: boolean | undefined
  'config-dir'?: string | undefined
  'data-dir'?: string | undefined
}

/** Not where it came from the environment, which is there for the next command too. */
function placeFlag(name: 'config-dir' | 'data-dir', flags: PlaceFlags, fromEnvironment: string | undefined): string[] {
  const value = flags[name]
  return value === undefined || value === fromEnvironment ? [] : [`--${name}`, value]
}

/** As the probe has it; 1 also where another rule decides, or where a person said no. */
function exitOf({probe, deciding}: Rehearsal, agreed: boolean): ExitCode {
  if (probe.exit !== Exit.ok) return probe.exit
  return agreed && deciding.length === 0 ? Exit.ok : Exit.no
}

function report(
  {result: rehearsed, probe, findings, remarks, deciding}: Rehearsal,
  written: SetupResult | null,
  commands: string[],
): DocumentOf<'setup'> {
  const {ca, identity, profile, rule} = written ?? rehearsed
  return {
    schema: 'postern.setup/1',
    written: written !== null,
    ca: ca && {name: ca.name, change: ca.change},
    identity,
    profile: {name: profile.profile.name, change: profile.change},
    rule: {id: rule.rule.id, change: rule.change},
    commands,
    findings,
    remarks: [...remarks, ...decidingLines(deciding)],
    probe,
  }
}
