import {Args, Flags} from '@oclif/core'
import type {LivePath} from '../../src/app/live-path.ts'
import {explainPolicy, type PolicyExplanation} from '../../src/app/policy-explain.ts'
import type {AppWorld} from '../../src/app/world.ts'
import {BaseCommand} from '../../src/cli/base-command.ts'
import {dsnText} from '../../src/cli/dsn-text.ts'
import {PREDICTION_HEAD, predictionRow, traceLines, undecidedHint} from '../../src/cli/explain-text.ts'
import {findingLines} from '../../src/cli/findings.ts'
import {livePathText} from '../../src/cli/live-text.ts'
import {profileDocument} from '../../src/cli/profile-flags.ts'
import {profileFacts} from '../../src/cli/profile-text.ts'
import {drawFacts, drawTable} from '../../src/cli/tables.ts'
import type {DocumentOf} from '../../src/report/schema/documents.ts'

export default class PolicyExplain extends BaseCommand {
  static override summary = 'explain what would happen to a mail: which rule, which profile, which fate'
  static override description =
    `Offline: rules and profile are read, and the judge says what each thing that can be seen on the way would lead to.
Nobody is dialled. With --client the receiving rules are explained.

With --live the path is opened as the relay would open it, up to MAIL and no further; the exit code is then 0 when mail
would pass, 1 when it would be refused, 75 when nobody could be asked, 68 when there is no mail host, or none but this
relay, so that mail would go round (5.4.6).

With --dsn the message is printed that would end the mail for its sender: one for each finding that keeps mail back, at
a made-up host. With --live it is about what was met, and each message is printed; --json has all of them.`
  static override usage = [
    'policy explain RECIPIENT [--from ADDRESS] [--destination IP | --live] [--dsn]',
    'policy explain RECIPIENT --client IP [--from ADDRESS]',
  ]
  static override examples = [
    '<%= config.bin %> policy explain colonel@example.mil',
    '<%= config.bin %> policy explain colonel@example.mil --from ops@example.org --destination 192.0.2.25',
    '<%= config.bin %> policy explain colonel@example.mil --live',
    '<%= config.bin %> policy explain colonel@example.mil --dsn --from ops@example.org',
  ]

  static override args = {
    recipient: Args.string({description: 'an address, or a domain', required: true}),
  }

  static override flags = {
    from: Flags.string({description: 'envelope sender; <> is the null sender', helpValue: 'ADDRESS'}),
    destination: Flags.string({description: 'address that would be dialled', helpValue: 'IP', exclusive: ['client']}),
    client: Flags.string({description: 'client that hands the mail over: explains receiving', helpValue: 'IP'}),
    live: Flags.boolean({description: 'also open the path and say what was met', exclusive: ['client', 'destination']}),
    dsn: Flags.boolean({description: 'also print the DSNs that the sender would get', exclusive: ['client']}),
  }

  async run(): Promise<DocumentOf<'policy-explain'>> {
    const {args, flags} = await this.parse(PolicyExplain)
    const world = await this.world()
    const explanation = await explainPolicy(world, {
      recipient: args.recipient,
      sender: flags.from,
      destination: flags.destination,
      client: flags.client,
    })
    this.print(await this.#text(explanation))
    for (const line of findingLines(explanation.notes)) this.say(line)
    const hint = undecidedHint(explanation)
    if (hint !== null && !flags.live) this.say(`hint: ${hint}`)
    const answer = {
      schema: 'postern.policy-explain/1' as const,
      ...explanation,
      input: askedOf(explanation),
      profile: explanation.profile && profileDocument(explanation.profile),
    }
    const live = flags.live ? await this.#live(world, {recipient: args.recipient, sender: flags.from}) : null
    if (!flags.dsn || !explanation.profile) return live ? {...answer, live} : answer
    const {previewDsns} = await import('../../src/app/dsn-preview.ts')
    const dsns = await previewDsns(world, {recipient: args.recipient, sender: flags.from}, live ?? explanation.profile)
    this.print(`\n${dsnText(dsns, explanation.input.sender)}`)
    return {...answer, ...(live ? {live} : {}), dsns}
  }

  async #live(world: AppWorld, mail: {recipient: string; sender: string | undefined}): Promise<LivePath> {
    const {openLivePath} = await import('../../src/app/live-path.ts')
    const live = await openLivePath(world, mail)
    this.print(`\n${await livePathText(live)}`)
    this.exitWith(live.exit)
    return live
  }

  async #text(explanation: PolicyExplanation): Promise<string> {
    const {predicted, profile} = explanation
    const parts = [traceLines(explanation).join('\n')]
    parts.push(profile ? await drawFacts(profileFacts(profile)) : 'the mail is refused, whatever its TLS: 550 5.7.1')
    if (predicted.length > 0) parts.push(await drawTable(PREDICTION_HEAD, predicted.map(predictionRow)))
    return parts.join('\n\n')
  }
}

/** By the names of the flags; null: not known. */
function askedOf({input: {direction, recipient, sender, address, client}}: PolicyExplanation) {
  return {
    direction,
    recipient: recipient ?? null,
    sender: sender ?? null,
    destination: address ?? null,
    client: client ?? null,
  }
}
