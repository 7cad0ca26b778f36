import {Flags} from '@oclif/core'
import {listIdentities} from '../src/app/identities.ts'
import {rehearseSetup, type SetupAnswers, type SetupResult, setupCommands, writeSetup} from '../src/app/setup.ts'
import {BaseCommand} from '../src/cli/base-command.ts'
import {paintFor} from '../src/cli/colour.ts'
import {probeTable} from '../src/cli/probe-output.ts'
import {levelFlag} from '../src/cli/profile-flags.ts'
import {askSetup, confirmSetup} from '../src/cli/setup-questions.ts'
import {shellLine} from '../src/cli/shell-line.ts'
import {heldBack} from '../src/cli/signals.ts'
import {Domain} from '../src/mail/domain.ts'
import {Exit} from '../src/mail/error.ts'
import type {ProbeResult} from '../src/report/probe-schema.ts'
import type {DocumentOf} from '../src/report/schema/documents.ts'
import {loadConfiguration} from '../src/state/load.ts'

export default class Setup extends BaseCommand {
  static override summary =
    'protect one partner, step by step: CA, profile, policy, identity, and a probe that proves it'
  static override description =
    `Asks for the partner's domain, the CA that issued its certificate, how strict TLS has to be and what happens when it
cannot be had. Then it probes the domain under exactly that policy and, if you agree, writes it. Every question has a
flag; with --yes nothing is asked, what no flag says has its default, and the policy is written even if the partner does
not meet it now (exit 1, or 75 where it could not be looked at). Running it twice changes nothing.`
  static override examples = [
    '<%= config.bin %> setup',
    '<%= config.bin %> setup --domain example.mil --ca mil-root.pem --level secure --hostname relay.example.org --yes',
  ]

  static override flags = {
    domain: Flags.string({description: "the partner's domain", helpValue: 'DOMAIN'}),
    ca: Flags.string({
      description: "file with the partner's CA; several are allowed; none: the system's CAs",
      helpValue: 'FILE',
      multiple: true,
      multipleNonGreedy: true,
    }),
    'ca-name': Flags.string({description: 'name to keep the CA under', helpValue: 'NAME'}),
    level: levelFlag(),
    'on-failure': Flags.option({
      options: ['tempfail', 'fail'] as const,
      description: 'keep the mail and try again, or return it at once',
    })(),
    hostname: Flags.string({description: "name in the relay's own certificate", helpValue: 'HOST'}),
    profile: Flags.string({description: 'name of the profile; made from level and domain', helpValue: 'NAME'}),
    yes: Flags.boolean({description: 'ask nothing'}),
  }

  async run(): Promise<DocumentOf<'setup'>> {
    const {flags} = await this.parse(Setup)
    if (flags.hostname !== undefined) Domain.parse(flags.hostname)
    const world = await this.world()
    const {settings} = await loadConfiguration(world.configDir)
    const hasIdentity = (await listIdentities(world)).some(({name}) => name === settings.tls.identity)
    const answers = await askSetup(flags, {now: world.now(), hostname: settings.hostname, hasIdentity})
    this.say(`\nprobing ${answers.domain.ascii} under this policy …\n`)
    const {result, probe} = await rehearseSetup(world, answers)
    this.#show(answers, result, probe, flags.lab)
    const isDone = changes(result).length === 0
    const agreed = isDone || (await confirmSetup(probe.exit === Exit.ok, flags.yes))
    const written = agreed && !isDone ? await heldBack(() => writeSetup(world, answers)) : null
    this.#conclude(probe, agreed, written)
    return report(answers, written ?? result, probe, written !== null)
  }

  #show(answers: SetupAnswers, result: SetupResult, probe: ProbeResult, lab: boolean): void {
    const document = {schema: 'postern.probe/1' as const, startedAt: new Date().toISOString(), results: [probe]}
    this.print(probeTable(document, process.stdout))
    const commands = setupCommands(answers, result).map((words) => shellLine(lab ? [...words, '--lab'] : words))
    const paint = paintFor(process.stdout)
    this.print(`\n${paint.strong('The same, as commands:')}\n${commands.map((line) => `  ${line}`).join('\n')}`)
    this.print(`\n${changes(result).join('\n') || 'All of this is there already: nothing to write.'}`)
  }

  #conclude({exit}: ProbeResult, agreed: boolean, written: SetupResult | null): void {
    if (!agreed) this.print('\nNothing was written.')
    if (written) this.print('\nWritten. A running relay picks it up at once; else: postern relay start')
    if (written && exit === Exit.no)
      this.say('the partner does not meet this policy now: its mail waits or is returned')
    this.exitWith(exit)
  }
}

/** What is, or would be, written; one line each. */
function changes({ca, identity, profile, rule}: SetupResult): string[] {
  const all: [string, string][] = [
    [`CA ${ca?.name}`, ca?.change ?? 'unchanged'],
    [`identity ${identity.identity.name}, self-signed, for the relay`, identity.change],
    [`profile ${profile.profile.name}, level ${profile.profile.level}`, profile.change],
    [`rule ${rule.rule.id}: ${rule.rule.recipients.join(', ')} → ${rule.rule.profile}`, rule.change],
  ]
  return all.filter(([, change]) => change !== 'unchanged').map(([what, change]) => `  ${change.padEnd(9)} ${what}`)
}

function report(answers: SetupAnswers, result: SetupResult, probe: ProbeResult, written: boolean): DocumentOf<'setup'> {
  return {
    schema: 'postern.setup/1',
    written,
    ca: result.ca && {name: result.ca.name, change: result.ca.change},
    identity: {name: result.identity.identity.name, change: result.identity.change},
    profile: {name: result.profile.profile.name, change: result.profile.change},
    rule: {id: result.rule.rule.id, change: result.rule.change},
    commands: setupCommands(answers, result).map(shellLine),
    probe,
  }
}
