import {Args, Flags} from '@oclif/core'
import {readInputFile} from '../../src/app/input-file.ts'
import type {LivePath} from '../../src/app/live-path.ts'
import {applyPolicy} from '../../src/app/policies.ts'
import {applyPolicyFile} from '../../src/app/policy-file.ts'
import type {AppWorld} from '../../src/app/world.ts'
import {BaseCommand} from '../../src/cli/base-command.ts'
import {findingLines} from '../../src/cli/findings.ts'
import {positionFlags, positionOf} from '../../src/cli/flags.ts'
import {livePathText} from '../../src/cli/live-text.ts'
import {changeLine, ruleLine} from '../../src/cli/rule-text.ts'
import {standardInput} from '../../src/cli/standard-input.ts'
import {Exit, type ExitCode, PosternError} from '../../src/mail/error.ts'
import type {Finding} from '../../src/policy/evidence.ts'
import type {Rule} from '../../src/policy/profile.ts'
import type {DocumentOf} from '../../src/report/schema/documents.ts'

const RULE_FLAGS = [
  'profile',
  'from',
  'destination',
  'client',
  'id',
  'direction',
  'action',
  'mode',
  'comment',
  'before',
  'after',
  'first',
  'last',
  'probe',
]

export default class PolicyApply extends BaseCommand {
  static override summary = 'apply a profile to mail: one rule, or the rules of a file'
  static override description =
    `A rule is known by its --id, or without one by what it speaks of: applying the same again changes nothing, and
applying another profile to the same mail changes that rule. The first rule that matches decides; a new one goes last,
unless a position says otherwise. With --client the rule is about receiving.

With --file the file's rules become the rules: what is not in it goes. The differences are printed, + added, - removed,
~ changed, > moved. With --dry-run nothing is written, and the exit code is 1 when something differs.`
  static override usage = [
    'policy apply [RECIPIENT...] --profile NAME [--from PATTERN]... [--destination CIDR]... [--client CIDR]... [FLAGS]',
    'policy apply --file FILE [--dry-run]',
  ]
  static override examples = [
    '<%= config.bin %> policy apply example.mil --profile secure-mil',
    '<%= config.bin %> policy apply "*@example.mil" --from "*@finance.example.org" --profile pinned --before r1',
    '<%= config.bin %> policy apply --client 192.0.2.0/24 --direction receiving --profile encrypt',
    '<%= config.bin %> policy apply --file rules.yaml --dry-run',
  ]

  static override args = {
    recipient: Args.string({
      description: 'user@domain, *@domain, domain, .domain (its subdomains), /regex/, * or ?; none: every recipient',
      multiple: true,
    }),
  }

  static override flags = {
    profile: Flags.string({description: 'name of the profile', helpValue: 'NAME'}),
    from: Flags.string({
      description: 'envelope senders, written as recipients are; <> is the null sender',
      helpValue: 'PATTERN',
      multiple: true,
      multipleNonGreedy: true,
    }),
    destination: Flags.string({
      description: 'networks of the address that is dialled',
      helpValue: 'CIDR',
      multiple: true,
      multipleNonGreedy: true,
    }),
    client: Flags.string({
      description: 'networks of the client that connects (receiving)',
      helpValue: 'CIDR',
      multiple: true,
      multipleNonGreedy: true,
    }),
    id: Flags.string({description: 'id of the rule, new or existing'}),
    direction: Flags.option({
      options: ['delivery', 'receiving'] as const,
      description: 'mail that goes out, or that comes in',
    })(),
    action: Flags.option({
      options: ['accept', 'reject'] as const,
      description: 'receiving: reject refuses the mail, whatever its TLS',
    })(),
    mode: Flags.option({
      options: ['enforce', 'rehearse'] as const,
      description: 'rehearse: judge and record, and deliver by the next rule',
    })(),
    comment: Flags.string({description: 'a remark, kept with the rule; "" for none', helpValue: 'TEXT'}),
    ...positionFlags,
    probe: Flags.boolean({description: 'then open the path to each recipient domain, and exit by what was met'}),
    file: Flags.string({
      description: 'rules as policy.yaml has them; - reads standard input',
      helpValue: 'FILE',
      exclusive: RULE_FLAGS,
    }),
    'dry-run': Flags.boolean({description: 'print the differences and write nothing', dependsOn: ['file']}),
  }

  async run(): Promise<DocumentOf<'policy-apply'>> {
    const {args, flags} = await this.parse(PolicyApply)
    const recipients = (args.recipient as string[] | string | undefined) ?? []
    const list = Array.isArray(recipients) ? recipients : [recipients]
    if (flags.file !== undefined) {
      if (list.length > 0) throw usage('recipients and --file exclude each other', 'put the recipients into the file')
      return this.#applyFile(flags.file, flags['dry-run'] === true)
    }
    if (flags.profile === undefined)
      throw usage('--profile is needed', 'add --profile NAME; postern profile list shows them')
    const {from, destination, client, probe, ...rest} = flags
    const world = await this.world()
    const {rule, change, position, findings} = await applyPolicy(world, {
      ...rest,
      profile: flags.profile,
      recipients: list,
      senders: from,
      destinations: destination,
      clients: client,
      position: positionOf(flags),
    })
    this.print(`rule ${ruleLine(rule)} ${change}`)
    this.#remark(findings)
    const answer = {schema: 'postern.policy-apply/1' as const, change, rule, position, findings}
    return probe ? {...answer, probed: await this.#probe(world, rule)} : answer
  }

  async #probe(world: AppWorld, rule: Rule): Promise<LivePath[]> {
    const {namedDomain, openLivePath} = await import('../../src/app/live-path.ts')
    const domains = [...new Set(rule.recipients.flatMap((pattern) => namedDomain(pattern) ?? []))]
    if (domains.length === 0) this.say('nothing to probe: no recipient names a single domain')
    const met = await Promise.all(domains.map((domain) => openLivePath(world, {recipient: domain})))
    for (const path of met) this.print(await livePathText(path))
    this.exitWith(worstExit(met.map(({exit}) => exit)))
    return met
  }

  async #applyFile(path: string, dryRun: boolean): Promise<DocumentOf<'policy-apply'>> {
    const text = path === '-' ? await standardInput('file') : (await readInputFile(path)).toString('utf8')
    const result = await applyPolicyFile(
      await this.world(),
      {path: path === '-' ? '(standard input)' : path, text},
      {dryRun},
    )
    const {changes, findings, rules, written} = result
    this.print(changes.length > 0 ? changes.map(changeLine).join('\n') : 'unchanged')
    if (dryRun && changes.length > 0) this.exitWith(Exit.no)
    this.#remark(findings)
    return {schema: 'postern.policy-apply/1', changes, rules, written, dryRun, findings}
  }

  #remark(findings: Finding[]): void {
    for (const line of findingLines(findings)) this.say(line)
  }
}

/** For several targets the worst wins: 1, then what could not be looked at, then 0. */
function worstExit(exits: ExitCode[]): ExitCode {
  const order: ExitCode[] = [Exit.no, Exit.tryAgain, Exit.noHost]
  return order.find((exit) => exits.includes(exit)) ?? Exit.ok
}

function usage(message: string, hint: string): PosternError {
  return new PosternError('usage', message, {exit: Exit.usage, hints: [hint]})
}
