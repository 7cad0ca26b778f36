import {access, constants} from 'node:fs/promises'
import {join} from 'node:path'
import {Exit, PosternError} from '../mail/error.ts'
import type {Observe} from '../path/path.ts'
import {ruleCovers} from '../policy/cover.ts'
import type {Finding} from '../policy/evidence.ts'
import type {Rule} from '../policy/profile.ts'
import type {ProbeResult} from '../report/probe-schema.ts'
import {loadConfiguration} from '../state/load.ts'
import type {CaImport} from './cas.ts'
import {lookAt, openProber} from './probe-domain.ts'
import {sameConditions} from './rule-diff.ts'
import type {Position} from './rule-position.ts'
import {ownIdentity, type PolicyResult, type SetupAnswers, type SetupResult, writePolicy} from './setup.ts'
import {inCopy} from './setup-copy.ts'
import {remarksOf} from './setup-remarks.ts'
import type {AppWorld} from './world.ts'

/** What would come of it. */
export interface Rehearsal {
  result: SetupResult
  probe: ProbeResult
  /** Where the rule has to stand to be reached; undefined: last, or where it is. */
  position: Position | undefined
  /** The profile that the rule named before, where that was another one. */
  replaced: string | null
  /** Other rules that decide for an address of the domain all the same. */
  deciding: string[]
  /** About the rules as they would stand. */
  findings: Finding[]
  /** What else should be known before one agrees; a sentence each. */
  remarks: string[]
}

/**
 * Does it all in a copy of the config directory, and there probes the domain live. So everything is checked before the
 * first file is written, and the probe is judged by exactly the policy that would be in force. `signal` breaks it off,
 * and its reason is thrown. Throws also `ca-exists`, `identity-exists` and `profile-exists` (73), `state-not-writable` (77).
 */
export async function rehearseSetup(
  world: AppWorld,
  answers: SetupAnswers,
  {signal, observe}: {signal: AbortSignal; observe?: Observe | undefined},
): Promise<Rehearsal> {
  const {rules, settings} = await loadConfiguration(world.configDir)
  await refuseUnwritable(world.configDir)
  const {name, present} = await ownIdentity(world, answers.hostname)
  const position = positionOf(rules, answers)
  return inCopy(world, async (copy) => {
    const policy = await writePolicy(copy, answers, position).catch((error) => {
      throw withOwnHints(error)
    })
    refuseExtension(policy.ca)
    const target = {text: answers.domain.ascii, domain: answers.domain}
    const probe = await lookAt(await openProber(copy, {}), target, observe, signal)
    signal.throwIfAborted()
    const result = {identity: {name, change: present ? ('unchanged' as const) : ('created' as const)}, ...policy}
    return {
      result,
      probe,
      position,
      replaced: replacedBy(policy, rules),
      deciding: decidingOf(probe, policy.rule.rule.id),
      findings: policy.rule.findings,
      remarks: remarksOf(policy, present, {greeting: settings.hostname, certificate: answers.hostname}),
    }
  })
}

/** A rule behind one that matches all its mail would never be asked; a rule that is there and is reached stays. */
function positionOf(rules: readonly Rule[], {domain, profile}: SetupAnswers): Position | undefined {
  const none = {senders: [], destinations: [], clients: []}
  const rule: Rule = {
    ...{id: '', direction: 'delivery', mode: 'enforce', recipients: [domain.ascii], ...none, profile, comment: null},
  }
  const deciding = rules.find((other) => other.mode === 'enforce' && ruleCovers(other, rule))
  return deciding && !sameConditions(deciding, rule) ? {before: deciding.id} : undefined
}

function replacedBy({rule: {rule}}: PolicyResult, before: readonly Rule[]): string | null {
  const profile = before.find(({id}) => id === rule.id)?.profile ?? rule.profile
  return profile === rule.profile ? null : profile
}

/** Rules for networks, say, that stand before ours. */
function decidingOf({hosts}: ProbeResult, ours: string): string[] {
  const asked = hosts.flatMap(({addresses}) => addresses.map(({policy}) => policy.profile.rule))
  return [...new Set(asked.filter((id) => id !== null && id !== ours))] as string[]
}

/** `ca import --name` adds to a CA that is there; here it would change what other profiles trust, unasked. */
function refuseExtension(ca: CaImport | null): void {
  if (ca?.change !== 'extended') return
  throw new PosternError('ca-exists', `there is another CA ${ca.name} already`, {
    exit: Exit.cannotCreate,
    hints: [
      'choose another name: --ca-name NAME',
      `or add these certificates to it: postern ca import … --name ${ca.name}`,
    ],
  })
}

/** The use-cases' hints name the flags of their own commands. */
function withOwnHints(error: unknown): unknown {
  if (!(error instanceof PosternError)) return error
  const own: Record<string, string> = {
    'ca-exists': 'choose another name: --ca-name NAME',
    'profile-exists': 'take another name: --profile NAME',
  }
  const hint = own[error.code]
  if (hint === undefined) return error
  const others = error.hints.filter((text) => !text.includes('--name'))
  return new PosternError(error.code, error.message, {exit: error.exit, hints: [hint, ...others], cause: error})
}

const WRITTEN = ['', 'ca', 'identity', 'profiles']

/** A right that is lacking half-way would leave half of it written. */
async function refuseUnwritable(configDir: string): Promise<void> {
  for (const dir of WRITTEN.map((name) => join(configDir, name))) {
    await access(dir, constants.W_OK | constants.X_OK).catch((cause: NodeJS.ErrnoException) => {
      if (cause.code === 'ENOENT') return
      throw new PosternError('state-not-writable', `cannot write in ${dir}`, {
        exit: Exit.permission,
        hints: ['check owner and mode of the directory, or work as its owner'],
        cause,
      })
    })
  }
}
