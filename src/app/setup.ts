import type {Domain} from '../mail/domain.ts'
import {Exit, PosternError} from '../mail/error.ts'
import {matchesIdentifier} from '../pki/identifiers.ts'
import type {FailureAction, Level} from '../policy/profile.ts'
import {loadConfiguration} from '../state/load.ts'
import {type CaImport, importCa} from './cas.ts'
import {createIdentity, type IdentityEntry, listIdentities} from './identities.ts'
import {applyPolicy, type RuleResult} from './policies.ts'
import {createProfile, type ProfileResult} from './profiles.ts'
import type {Position} from './rule-position.ts'
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

/** What came of CA, profile and rule, in the words of the commands that do the same. */
export interface PolicyResult {
  ca: CaImport | null
  profile: ProfileResult
  rule: RuleResult
}

export interface SetupResult extends PolicyResult {
  identity: {name: string; change: 'created' | 'unchanged'}
}

/**
 * The relay's identity, then CA, profile and, last, the rule that makes them bite: through the same use-cases as the
 * commands. Doing it twice changes nothing. `position` is what the rehearsal found. Throws what they throw.
 */
export async function writeSetup(
  world: AppWorld,
  answers: SetupAnswers,
  position: Position | undefined,
): Promise<SetupResult> {
  const {name, present} = await ownIdentity(world, answers.hostname)
  if (!present) await createIdentity(world, name, {hostname: answers.hostname})
  const identity = {name, change: present ? ('unchanged' as const) : ('created' as const)}
  return {identity, ...(await writePolicy(world, answers, position))}
}

/** CA, profile and rule. */
export async function writePolicy(
  world: AppWorld,
  {caFiles, caName, domain, level, onFailure, profile: name}: SetupAnswers,
  position: Position | undefined,
): Promise<PolicyResult> {
  const ca = caFiles.length > 0 ? await importCa(world, caFiles, {name: caName}) : null
  const profile = await createProfile(world, name, {level, onFailure, ...(ca && {ca: [ca.name]})})
  const rule = await applyPolicy(world, {profile: name, recipients: [domain.ascii], position})
  return {ca, profile, rule}
}

/**
 * The identity that relay.yaml names; `present` null: it has to be made. Throws `identity-exists` (73) when there is one
 * that was made for another name than the one that is asked for.
 */
export async function ownIdentity(
  world: Pick<AppWorld, 'configDir'>,
  hostname: string | undefined,
): Promise<{name: string; present: IdentityEntry | null}> {
  const {settings} = await loadConfiguration(world.configDir)
  const {identity: name} = settings.tls
  const present = (await listIdentities(world)).find((identity) => identity.name === name) ?? null
  const names = present?.certificates[0]?.dnsNames
  if (!hostname || !names || names.some((own) => matchesIdentifier(own, hostname))) return {name, present}
  throw new PosternError(
    'identity-exists',
    `the relay has a certificate already, for ${names.join(', ') || 'no name'}`,
    {
      exit: Exit.cannotCreate,
      hints: [
        'keep it: leave --hostname out',
        `replace it: postern identity create ${name} --hostname ${hostname} --replace`,
      ],
    },
  )
}

/** `secure-example-mil`. */
export function profileNameFor(level: Level, {ascii}: Domain): string {
  return `${level}-${ascii.replaceAll('.', '-')}`.slice(0, 60).replace(/-$/, '')
}
