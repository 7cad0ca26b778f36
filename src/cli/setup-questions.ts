import {readCaSource} from '../app/ca-source.ts'
import {profileNameFor, type SetupAnswers} from '../app/setup.ts'
import {Domain} from '../mail/domain.ts'
import type {FailureAction, Level} from '../policy/profile.ts'
import {answer} from './prompts.ts'

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
}

// The answer of a command is on stdout; questions are talk.
const context = {output: process.stderr}

/** Asks what no flag said. Throws `answer-missing` (64) without a terminal, `interrupted` (130) on ctrl-C. */
export async function askSetup(flags: SetupFlags, place: SetupPlace): Promise<SetupAnswers> {
  const {yes} = flags
  const name = await answer({flag: 'domain', given: flags.domain, yes, ask: askDomain})
  const domain = Domain.parse(name)
  const caFiles = await answer({flag: 'ca', given: flags.ca, fallback: [], yes, ask: () => askCaFiles(place.now)})
  const level = await answer({flag: 'level', given: flags.level, fallback: 'secure' as Level, yes, ask: askLevel})
  const enforces = level === 'encrypt' || level === 'secure'
  const onFailure = enforces
    ? await answer({flag: 'on-failure', given: flags['on-failure'], fallback: TEMPFAIL, yes, ask: askAction})
    : (flags['on-failure'] ?? TEMPFAIL)
  const hostname = place.hasIdentity
    ? undefined
    : await answer({flag: 'hostname', given: flags.hostname, fallback: place.hostname, yes, ask: () => askHost(place)})
  const profile = flags.profile ?? profileNameFor(level, domain)
  return {domain, caFiles, caName: flags['ca-name'], level, onFailure, profile, hostname}
}

const TEMPFAIL: FailureAction = 'tempfail'

/** Write it? A probe that does not pass makes "no" the default. */
export async function confirmSetup(passes: boolean, yes: boolean): Promise<boolean> {
  const ask = async () => {
    const {confirm} = await import('@inquirer/prompts')
    const message = passes
      ? 'Write this?'
      : 'The policy is not met now: mail would not go out. Write this all the same?'
    return confirm({message, default: passes}, context)
  }
  return yes || answer({flag: 'yes', given: undefined, yes, ask})
}

async function askDomain(): Promise<string> {
  const {input} = await import('@inquirer/prompts')
  const validate = (text: string) => Domain.tryParse(text.trim()) !== null || 'a domain looks like example.mil'
  return (await input({message: 'Partner domain', required: true, validate}, context)).trim()
}

async function askCaFiles(now: number): Promise<string[]> {
  const {input} = await import('@inquirer/prompts')
  const message = "CA file of the partner (several: separated by commas; empty: the system's CAs)"
  const validate = async (text: string) => {
    try {
      await Promise.all(filesIn(text).map((file) => readCaSource(file, now, undefined)))
      return true
    } catch (error) {
      return (error as Error).message
    }
  }
  return filesIn(await input({message, validate}, context))
}

function filesIn(text: string): string[] {
  return text
    .split(',')
    .map((file) => file.trim())
    .filter((file) => file !== '')
}

async function askLevel(): Promise<Level> {
  const {select} = await import('@inquirer/prompts')
  const choices = [
    {value: 'secure' as const, name: 'secure     TLS and a verified certificate, or nothing'},
    {value: 'encrypt' as const, name: 'encrypt    TLS or nothing; whoever answers'},
    {value: 'preferred' as const, name: 'preferred  TLS where it works, else clear text'},
    {value: 'none' as const, name: 'none       never TLS'},
  ]
  return select({message: 'How strict must TLS be?', choices, default: 'secure'}, context)
}

async function askAction(): Promise<FailureAction> {
  const {select} = await import('@inquirer/prompts')
  const choices = [
    {value: 'tempfail' as const, name: 'tempfail  keep the mail and try again'},
    {value: 'fail' as const, name: 'fail      return it to the sender at once'},
  ]
  return select({message: 'And when that cannot be had?', choices, default: TEMPFAIL}, context)
}

async function askHost({hostname}: SetupPlace): Promise<string> {
  const {input} = await import('@inquirer/prompts')
  const validate = (text: string) => Domain.tryParse(text.trim()) !== null || 'a host name looks like relay.example.org'
  const message = 'Host name of the relay, for its own certificate'
  return (await input({message, default: hostname, required: true, validate}, context)).trim()
}
