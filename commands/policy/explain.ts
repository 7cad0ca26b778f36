import {Args, Flags} from '@oclif/core'
import {explainPolicy, type PolicyExplanation} from '../../src/app/policy-explain.ts'
import {BaseCommand} from '../../src/cli/base-command.ts'
import {PREDICTION_HEAD, predictionRow, traceLines} from '../../src/cli/explain-text.ts'
import {findingLines} from '../../src/cli/findings.ts'
import {profileDocument} from '../../src/cli/profile-flags.ts'
import {profileFacts} from '../../src/cli/profile-text.ts'
import {drawFacts, drawTable} from '../../src/cli/tables.ts'

export default class PolicyExplain extends BaseCommand {
  static override summary = 'explain what would happen to a mail: which rule, which profile, which fate'
  static override description =
    `Offline: rules and profile are read, and the judge says what each thing that can be seen on the way would lead to.
Nobody is dialled. With --client the receiving rules are explained.`
  static override examples = [
    '<%= config.bin %> policy explain colonel@example.mil',
    '<%= config.bin %> policy explain colonel@example.mil --from ops@example.org --destination 192.0.2.25',
  ]

  static override args = {
    recipient: Args.string({description: 'an address, or a domain', required: true}),
  }

  static override flags = {
    from: Flags.string({description: 'envelope sender; <> is the null sender', helpValue: 'ADDRESS'}),
    destination: Flags.string({description: 'address that would be dialled', helpValue: 'IP', exclusive: ['client']}),
    client: Flags.string({description: 'client that hands the mail over: explains receiving', helpValue: 'IP'}),
  }

  async run(): Promise<object> {
    const {args, flags} = await this.parse(PolicyExplain)
    const explanation = await explainPolicy(await this.world(), {
      recipient: args.recipient,
      sender: flags.from,
      destination: flags.destination,
      client: flags.client,
    })
    this.print(await this.#text(explanation))
    for (const line of findingLines(explanation.notes)) this.say(line)
    return {schema: 'postern.policy-explain/1', ...explanation, profile: profileDocument(explanation.profile)}
  }

  async #text(explanation: PolicyExplanation): Promise<string> {
    const {predicted, profile} = explanation
    const parts = [traceLines(explanation).join('\n'), await drawFacts(profileFacts(profile))]
    if (predicted.length > 0) parts.push(await drawTable(PREDICTION_HEAD, predicted.map(predictionRow)))
    return parts.join('\n\n')
  }
}
