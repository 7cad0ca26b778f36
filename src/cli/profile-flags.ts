import {Flags} from '@oclif/core'
import {printable} from '../mail/domain.ts'
import {Exit, PosternError} from '../mail/error.ts'
import {LEVELS, type Profile} from '../policy/profile.ts'
import {formatSubjectCheck, parseSubjectCheck} from '../policy/subject.ts'
import type {ProfileChange} from '../state/edit.ts'

const STANDARD = ['off', 'opportunistic', 'mandatory'] as const

export const levelFlag = Flags.option({
  options: LEVELS,
  description:
    'none: no TLS; preferred: TLS where it works; encrypt: TLS or nothing; secure: TLS and a verified certificate',
})

/** The flags of `profile create` and `profile set`, all but the level. */
export const profileFlags = {
  'on-failure': Flags.option({
    options: ['tempfail', 'fail'] as const,
    description: 'keep the mail and try again, or return it at once',
  })(),
  ca: Flags.string({
    description: 'name of an imported CA; those CAs alone are trusted then; "" for none',
    helpValue: 'NAME',
    multiple: true,
    multipleNonGreedy: true,
  }),
  trust: Flags.option({
    options: ['imported', 'system', 'both'] as const,
    description: 'whose CAs are trusted',
  })(),
  subject: Flags.string({
    description: 'mx, domain, contains:TEXT, exact:NAME, wildcard:PATTERN or any; several are alternatives',
    helpValue: 'CHECK',
    multiple: true,
    multipleNonGreedy: true,
  }),
  'min-tls': Flags.string({description: 'lowest TLS version: 1.2 or 1.3', helpValue: 'VERSION'}),
  'min-strength': Flags.string({description: 'lowest strength of the cipher, 112 to 256', helpValue: 'BITS'}),
  'fallback-after': Flags.string({
    description: 'failed TLS attempts before clear text, at level preferred; or never',
    helpValue: 'N|never',
  }),
  dane: Flags.option({options: STANDARD, description: 'heed TLSA records (RFC 7672)'})(),
  'mta-sts': Flags.option({options: STANDARD, description: 'heed MTA-STS policies (RFC 8461)'})(),
  comment: Flags.string({description: 'a remark, kept in the file; "" for none', helpValue: 'TEXT'}),
}

export interface ProfileFlagValues {
  level?: Profile['level'] | undefined
  'on-failure'?: Profile['onFailure'] | undefined
  ca?: string[] | undefined
  trust?: Profile['trust'] | undefined
  subject?: string[] | undefined
  'min-tls'?: string | undefined
  'min-strength'?: string | undefined
  'fallback-after'?: string | undefined
  dane?: Profile['dane'] | undefined
  'mta-sts'?: Profile['mtaSts'] | undefined
  comment?: string | undefined
}

/** Flags as fields of a profile; what was not given is absent. Throws `flag-invalid` (64). */
export function profileFields(flags: ProfileFlagValues): ProfileChange {
  const fields: ProfileChange = {
    level: flags.level,
    onFailure: flags['on-failure'],
    ca: flags.ca && list(flags.ca),
    trust: flags.trust,
    subject: flags.subject && list(flags.subject)?.map(parseSubjectCheck),
    minTls: read(flags['min-tls'], tlsVersion),
    minStrength: read(flags['min-strength'], (text) => wholeNumber('min-strength', text)),
    fallbackAfter: read(flags['fallback-after'], fallback),
    dane: flags.dane,
    mtaSts: flags['mta-sts'],
    comment: flags.comment === '' ? null : flags.comment,
  }
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined))
}

/** A profile as the flags write it, and as `--json` shows it. */
export function profileDocument(profile: Profile): Omit<Profile, 'subject'> & {subject: string[]} {
  return {...profile, subject: profile.subject.map(formatSubjectCheck)}
}

/** null: emptied on purpose. */
function list(values: string[]): string[] | null {
  const filled = [...new Set(values.map((value) => value.trim()).filter((value) => value !== ''))]
  return filled.length > 0 ? filled : null
}

function read<T>(text: string | undefined, parse: (text: string) => T): T | undefined {
  return text === undefined ? undefined : parse(text)
}

// What is a version, but too low, is passed on: the profile's lint refuses it with the reason (RFC 8996).
function tlsVersion(text: string): Profile['minTls'] {
  const version = /^(?:TLSv?)?(1(?:\.[0-3])?)$/i.exec(text)?.[1]
  if (version === undefined) throw invalid('min-tls', text, 'use 1.2 or 1.3')
  return version as Profile['minTls']
}

function fallback(text: string): Profile['fallbackAfter'] {
  if (text === 'never') return text
  const attempts = wholeNumber('fallback-after', text)
  if (attempts < 1 || attempts > 1000) throw invalid('fallback-after', text, 'use 1 to 1000, or never')
  return attempts
}

function wholeNumber(flag: string, text: string): number {
  if (!/^\d{1,6}$/.test(text)) throw invalid(flag, text, `--${flag} takes a whole number`)
  return Number(text)
}

function invalid(flag: string, text: string, hint: string): PosternError {
  return new PosternError('flag-invalid', `--${flag} cannot be "${printable(text)}"`, {exit: Exit.usage, hints: [hint]})
}
