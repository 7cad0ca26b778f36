import {cp, mkdtemp, rm} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import type {Domain} from '../mail/domain.ts'
import type {FailureAction, Level} from '../policy/profile.ts'
import type {ProbeResult} from '../report/probe-schema.ts'
import {loadConfiguration} from '../state/load.ts'
import {type CaImport, importCa} from './cas.ts'
import {createIdentity, type IdentityEntry, listIdentities} from './identities.ts'
import {applyPolicy, type RuleResult} from './policies.ts'
import {probeDomain} from './probe-domain.ts'
import {createProfile, type ProfileResult} from './profiles.ts'
import type {AppWorld} from './world.ts'

/** What the wizard has to know. */
export interface SetupAnswers {
  domain: Domain
  /** Empty: the CAs that are trusted anyway. */
  caFiles: readonly string[]
  /** Default: made from the subject. */
  caName?: string | undefined
  level: Level
  onFailure: FailureAction
  profile: string
  /** Name in the relay's certificate, should one have to be made; default: the one of relay.yaml. */
  hostname?: string | undefined
}

/** What came of each step, in the words of the command that does the same. */
export interface SetupResult {
  ca: CaImport | null
  identity: {change: 'created' | 'unchanged'; identity: IdentityEntry}
  profile: ProfileResult
  rule: RuleResult
}

/**
 * CA, identity, profile and, last, the rule that makes them bite: through the same use-cases as the commands. Doing it
 * twice changes nothing. Throws what they throw.
 */
export async function writeSetup(world: AppWorld, answers: SetupAnswers): Promise<SetupResult> {
  const {caFiles, caName, domain, level, onFailure} = answers
  const ca = caFiles.length > 0 ? await importCa(world, caFiles, {name: caName}) : null
  const identity = await ownIdentity(world, answers.hostname)
  const profile = await createProfile(world, answers.profile, {level, onFailure, ...(ca && {ca: [ca.name]})})
  const rule = await applyPolicy(world, {profile: answers.profile, recipients: [domain.ascii]})
  return {ca, identity, profile, rule}
}

/**
 * The same in a copy of the config directory, and there a live probe of the domain. So everything is checked before the
 * first file is written, and the probe is judged by exactly the policy that would be in force.
 */
export async function rehearseSetup(
  world: AppWorld,
  answers: SetupAnswers,
): Promise<{result: SetupResult; probe: ProbeResult}> {
  // Makes sure that the directory is sound, and that there is nothing in it that cannot be copied.
  await loadConfiguration(world.configDir)
  const dir = await mkdtemp(join(tmpdir(), 'postern-setup-'))
  try {
    const configDir = join(dir, 'config')
    await cp(world.configDir, configDir, {recursive: true}).catch(ignoreMissing)
    const copy = {...world, configDir}
    const result = await writeSetup(copy, answers)
    const probe = await probeDomain(copy, {text: answers.domain.ascii, domain: answers.domain})
    return {result, probe}
  } finally {
    await rm(dir, {recursive: true, force: true})
  }
}

/** The commands that do the same, as lists of words; those that would change nothing are left out. */
export function setupCommands(answers: SetupAnswers, {ca, identity, profile, rule}: SetupResult): string[][] {
  const {caFiles, domain, level, onFailure} = answers
  const commands: (string[] | null)[] = [
    ca && ca.change !== 'unchanged' ? ['ca', 'import', ...caFiles, '--name', ca.name] : null,
    identity.change === 'created' ? identityCommand(identity.identity.name, answers.hostname) : null,
    profile.change === 'created'
      ? [
          'profile',
          'create',
          answers.profile,
          '--level',
          level,
          '--on-failure',
          onFailure,
          ...(ca ? ['--ca', ca.name] : []),
        ]
      : null,
    rule.change !== 'unchanged' ? ['policy', 'apply', domain.ascii, '--profile', answers.profile] : null,
    ['probe', domain.ascii],
    ['relay', 'start'],
  ]
  return commands.filter((command) => command !== null)
}

/** `secure-example-mil`. */
export function profileNameFor(level: Level, {ascii}: Domain): string {
  return `${level}-${ascii.replaceAll('.', '-')}`.slice(0, 60).replace(/-$/, '')
}

/** The identity that relay.yaml names; made when there is none. */
async function ownIdentity(world: AppWorld, hostname: string | undefined): Promise<SetupResult['identity']> {
  const {settings} = await loadConfiguration(world.configDir)
  const name = settings.tls.identity
  const known = (await listIdentities(world)).find((identity) => identity.name === name)
  if (known) return {change: 'unchanged', identity: known}
  return {change: 'created', identity: await createIdentity(world, name, {hostname})}
}

function identityCommand(name: string, hostname: string | undefined): string[] {
  return ['identity', 'create', name, ...(hostname ? ['--hostname', hostname] : [])]
}

function ignoreMissing(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ENOENT') throw error
}
