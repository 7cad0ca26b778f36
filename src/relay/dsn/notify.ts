import type {RecipientOptions} from '../../mail/envelope.ts'
import type {DsnAction} from './report.ts'

const KEYWORD = {failed: 'failure', delayed: 'delay', relayed: 'success'} as const

/**
 * Who is told (RFC 3461 §4.1): the null sender never (RFC 5321 §6.1), NOTIFY=NEVER never, and a NOTIFY without the
 * keyword asks to be spared of that kind. Without NOTIFY failure and delay are reported, and success is not.
 */
export function wantsDsn(reversePath: string, {notify}: RecipientOptions, kind: DsnAction): boolean {
  if (reversePath === '') return false
  return notify === undefined ? kind !== 'relayed' : notify.includes(KEYWORD[kind])
}
