import {homedir} from 'node:os'
import {join} from 'node:path'
import {readCaSource} from '../app/ca-source.ts'
import {profileNameFor, type SetupAnswers} from '../app/setup.ts'
import {Domain, printable} from '../mail/domain.ts'
import {PosternError} from '../mail/error.ts'
import type {FailureAction, Level} from '../policy/profile.ts'
import {parseName} from '../state/names.ts'
import {answer, requireConsent} from './prompts.ts'

/** The answers that flags gave. */
export interface SetupFlags {
  domain?: string | undefined
  ca?: string[] | undefined
  'ca-name'?: string | undefined
  level?: Level | undefined
  'on-failure'?: FailureAction | undefined
  hostname?: string | undefined
  profile?: string | undefined
  yes: boolean
}

/** What the wizard asks about beside its own answers. */
export interface SetupPlace {
  now: number
  /** Of relay.yaml. */
  hostname: string
  /** The relay has its certificate already. */
  hasIdentity: boolean
  /** Takes the question away. */
  signal: AbortSignal
}

/**
 * Asks what no flag said, after the flags were found good: nobody answers five questions to learn that a flag was wrong.
 * Throws `answer-missing` (64) without a terminal, `interrupted` (130) on ctrl-C, and what the parsers throw.
 */
export async function askSetup(flags: SetupFlags, place: SetupPlace): Promise<SetupAnswers> {
  const {yes} = flags
  await checkFlags(flags, place.now)
  const given = flags.ca?.filter((file) => file !== '')
  const name = await answer({flag: 'domain', given: flags.domain, yes, ask: () => askDomain(place)})
  const domain = Domain.parse(name)
  const caFiles = await answer({flag: 'ca', given, fallback: [], yes, ask: () => askCaFiles(place)})
  const level = await answer({flag: 'level', given: flags.level, fallback: SECURE, yes, ask: () => askLevel(place)})
  const action = {flag: 'on-failure', given: flags['on-failure'], fallback: TEMPFAIL, yes, ask: () => askAction(place)}
  const onFailure = enforces(level) ? await answer(action) : (flags['on-failure'] ?? TEMPFAIL)
  const host = {flag: 'hostname', given: flags.hostname, fallback: place.hostname, yes, ask: () => askHost(place)}
  const hostname = place.hasIdentity ? flags.hostname : await answer(host)
  requireConsent(yes)
  return {
    ...{domain, caFiles, caName: flags['ca-name'], level, onFailure},
    profile: flags.profile ?? profileNameFor(level, domain),
    hostname: hostname && Domain.parse(hostname).ascii,
  }
}

const SECURE: Level = 'secure'
const TEMPFAIL: FailureAction = 'tempfail'

function enforces(level: Level): boolean {
  return level === 'encrypt' || level === 'secure'
}

async function checkFlags({domain, hostname, profile, ca, 'ca-name': caName}: SetupFlags, now: number): Promise<void> {
  if (domain !== undefined) Domain.parse(domain)
  if (hostname !== undefined) Domain.parse(hostname)
  if (profile !== undefined) parseName('profile name', profile)
  if (caName !== undefined) parseName('CA name', caName)
  for (const file of ca ?? []) if (file !== '') await readCaSource(file, now, undefined)
}

/** Write it? Where something speaks against it the default is no. */
export async function confirmSetup(objection: string | null, signal: AbortSignal, yes: boolean): Promise<boolean> {
  const ask = async () => {
    const {confirm} = await import('@inquirer/prompts')
    const message = objection === null ? 'Write this?' : `${objection} Write this all the same?`
    return confirm({message, default: objection === null}, context({signal}))
  }
  return yes || answer({flag: 'yes', given: undefined, yes, ask})
}

// The answer of a command is on stdout; questions are talk.
function context({signal}: Pick<SetupPlace, 'signal'>) {
  return {output: process.stderr, signal}
}

async function askDomain(place: SetupPlace): Promise<string> {
  const {input} = await import('@inquirer/prompts')
  const validate = (text: string) => {
    return (
      Domain.tryParse(text.trim()) !== null || `"${printable(text.trim())}" is no domain: one looks like example.mil`
    )
  }
  return (await input({message: 'Partner domain', required: true, validate}, context(place))).trim()
}

async function askCaFiles(place: SetupPlace): Promise<string[]> {
  const {input} = await import('@inquirer/prompts')
  const message = "CA file of the partner (several: separated by commas; empty: the system's CAs)"
  const validate = async (text: string) => {
    try {
      for (const file of filesIn(text)) await readCaSource(file, place.now, undefined)
      return true
    } catch (error) {
      return whatIsWrong(error as Error)
    }
  }
  return filesIn(await input({message, validate}, context(place)))
}

function whatIsWrong(error: Error): string {
  const hint = error instanceof PosternError ? error.hints[0] : undefined
  return printable(error.message) + (hint === undefined ? '' : `: ${printable(hint)}`)
}

/** No shell reads this, so that `~` is ours to understand. */
function filesIn(text: string): string[] {
  return text
    .split(',')
    .map((file) => file.trim())
    .filter((file) => file !== '')
    .map((file) => (file.startsWith('~/') ? join(homedir(), file.slice(2)) : file))
}

async function askLevel(place: SetupPlace): Promise<Level> {
  const {select} = await import('@inquirer/prompts')
  const choices = [
    {value: 'secure' as const, name: 'secure     TLS and a verified certificate, or nothing'},
    {value: 'encrypt' as const, name: 'encrypt    TLS or nothing; whoever answers'},
    {value: 'preferred' as const, name: 'preferred  TLS where it works, else clear text'},
    {value: 'none' as const, name: 'none       never TLS'},
  ]
  return select({message: 'How strict must TLS be?', choices, default: SECURE}, context(place))
}

async function askAction(place: SetupPlace): Promise<FailureAction> {
  const {select} = await import('@inquirer/prompts')
  const choices = [
    {value: 'tempfail' as const, name: 'tempfail  keep the mail and try again'},
    {value: 'fail' as const, name: 'fail      return it to the sender at once'},
  ]
  return select({message: 'And when that cannot be had?', choices, default: TEMPFAIL}, context(place))
}

async function askHost(place: SetupPlace): Promise<string> {
  const {input} = await import('@inquirer/prompts')
  const validate = (text: string) => {
    const isName = Domain.tryParse(text.trim()) !== null
    return isName || `"${printable(text.trim())}" is no host name: one looks like relay.example.org`
  }
  const message = 'Host name of the relay, for its own certificate'
  return (await input({message, default: place.hostname, required: true, validate}, context(place))).trim()
}
