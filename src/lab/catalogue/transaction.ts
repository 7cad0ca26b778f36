import type {Script} from '../script.ts'
import type {Draft} from './draft.ts'

/** Each verb's word in a partner's name, and in a sentence; the dot stands for the end of the message. */
const STAGES = {
  MAIL: ['mail', 'MAIL'],
  RCPT: ['rcpt', 'RCPT'],
  DATA: ['data', 'DATA'],
  '.': ['message', 'the message'],
} as const

/**
 * Trouble that begins with MAIL. A probe sends none, so that it says of each of these what it says of a partner in order,
 * and rightly: their TLS is in order, and a delivery gets as far. What becomes of the message then is declared beside it.
 */
export const TRANSACTION: readonly Draft[] = [
  ...(['MAIL', 'RCPT', 'DATA', '.'] as const).flatMap((verb) => {
    const [name, what] = STAGES[verb]
    return [
      refuses(`${name}-4xx`, `defers ${what} with 4xx`, 'deferred', saying(verb, '451 4.3.0 try again later')),
      refuses(`${name}-5xx`, `refuses ${what} with 5xx`, 'bounced', saying(verb, '550 5.7.1 not here')),
      refuses(`${name}-closes`, `hangs up at ${what}`, 'deferred', {closesAt: verb}),
    ]
  }),
  refuses('mail-421', 'answers MAIL with 421 and hangs up', 'deferred', saying('MAIL', '421 4.3.2 too busy')),
  refuses('mail-silence', 'does not answer MAIL', 'deferred', saying('MAIL', null)),
  refuses('rcpt-silence', 'does not answer RCPT', 'deferred', saying('RCPT', null)),
  refuses('data-silence', 'does not answer DATA', 'deferred', saying('DATA', null)),
  refuses('message-silence', 'does not answer the message', 'deferred', saying('.', null)),
]

function refuses(name: string, trouble: string, transaction: 'deferred' | 'bounced', script: Script): Draft {
  return {name, trouble, transaction, build: async ({pki, mx}) => ({identity: await pki.leaf([mx]), script})}
}

function saying(at: string, reply: string | null): Script {
  return {reply: (verb) => (verb === at ? (reply === null ? null : [reply]) : undefined)}
}
