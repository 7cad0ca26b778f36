import {printable} from '../mail/domain.ts'
import {Exit, PosternError} from '../mail/error.ts'

/** Names of profiles, CAs, identities and rules: they become file names, so nothing that leads out of a directory. */
const NAME = /^[A-Za-z0-9](?:[A-Za-z0-9._-]{0,62}[A-Za-z0-9_-])?$/

/** 1 to 64 characters: letters, digits, `.`, `_` and `-`, none of them `.` at either end. */
export function isName(text: string): boolean {
  return NAME.test(text)
}

/** Returns the name; throws `name-invalid` (64). `what` is the noun: `profile name`, `rule id`. */
export function parseName(what: string, text: string): string {
  if (isName(text)) return text
  throw new PosternError('name-invalid', `"${printable(text)}" is no ${what}`, {
    exit: Exit.usage,
    hints: ['use 1 to 64 letters, digits, dots, hyphens or underscores, a letter or digit first'],
  })
}
