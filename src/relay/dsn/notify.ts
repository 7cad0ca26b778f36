import type {RecipientOptions} from '../../mail/envelope.ts'

/**
 * Who is told (RFC 3461 §4.1): the null sender never (RFC 5321 §6.1), NOTIFY=NEVER never, and a NOTIFY without the
 * keyword asks to be spared of that kind. Without NOTIFY both failure and delay are reported.
 */
export function wantsDsn(reversePath: string, options: RecipientOptions, kind: 'failed' | 'delayed'): boolean {
  if (reversePath === '') return false
  return options.notify === undefined || options.notify.includes(kind === 'failed' ? 'failure' : 'delay')
}
