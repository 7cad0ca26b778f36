import {setTimeout as sleep} from 'node:timers/promises'
import {TLSSocket} from 'node:tls'
import {contextFor} from '../host.ts'
import {inPieces, type Script} from '../script.ts'
import {at, type Draft, NO_STARTTLS, NOT_REACHED, STARTTLS_REFUSED, UNENCRYPTED, UNREACHABLE} from './draft.ts'
import {inOrder} from './story.ts'

/** Ways to speak SMTP before TLS, and on top of it. */
export const SMTP: readonly Draft[] = [
  {
    ...speaks('starttls-overwritten', 'a firewall overwrites the offer of STARTTLS with XXXXXXXA', {
      reply: hello('250-XXXXXXXA', '250 8BITMIME'),
    }),
    ...NO_STARTTLS,
    remarks: ['starttls-stripped'],
  },
  {
    ...speaks('starttls-asterisks', 'a firewall overwrites greeting and offer with asterisks', {
      reply: (verb) => {
        if (verb === '') return ['220 **********************2*****']
        return verb === 'STARTTLS' ? ['500 5.5.1 command not recognized'] : hello('250-********', '250 8BITMIME')(verb)
      },
    }),
    ...NO_STARTTLS,
    remarks: ['banner-without-esmtp', 'starttls-stripped'],
  },
  {
    ...speaks('starttls-hidden', 'takes STARTTLS, and does not say so', {reply: hello('250 8BITMIME')}, 'tls'),
    ...NO_STARTTLS,
    remarks: ['starttls-hidden'],
  },
  {
    ...speaks('helo-only', 'does not know EHLO, and with HELO offers no STARTTLS', {
      reply: (verb) => (verb === 'EHLO' ? ['502 5.5.1 command not implemented'] : undefined),
    }),
    ...NO_STARTTLS,
    remarks: ['ehlo-refused'],
  },
  {
    ...speaks('starttls-454', 'offers STARTTLS and answers it with 454', offering('454 4.7.0 TLS not available now')),
    ...STARTTLS_REFUSED,
    remarks: ['starttls-temporarily-refused'],
  },
  {
    ...speaks('starttls-501', 'offers STARTTLS and answers it with 501', offering('501 5.5.4 no parameters allowed')),
    ...STARTTLS_REFUSED,
  },
  {
    ...speaks('starttls-502', 'offers STARTTLS and answers it with 502', offering('502 5.5.1 not implemented')),
    ...STARTTLS_REFUSED,
  },
  {
    ...speaks('starttls-554', 'offers STARTTLS and answers it with 554', offering('554 5.7.3 no TLS for you')),
    ...STARTTLS_REFUSED,
  },
  {
    ...speaks('starttls-silence', 'offers STARTTLS and does not answer it', {
      reply: (verb) => (verb === 'STARTTLS' ? null : hello('250-STARTTLS', '250 8BITMIME')(verb)),
    }),
    levels: UNENCRYPTED,
    findings: ['validation-failure'],
    remarks: ['handshake-silence'],
  },
  {
    ...speaks(
      'injection',
      'plaintext follows the 220 of STARTTLS',
      offering('220 2.0.0 go ahead', '250 2.0.0 injected'),
      'tls',
    ),
    levels: UNENCRYPTED,
    findings: ['plaintext-injected'],
  },
  {
    ...speaks(
      'command-injection',
      'does inside TLS what it was told in clear text behind STARTTLS',
      {obeysEarlyCommands: true},
      'tls',
    ),
    full: ['starttls-command-injection'],
  },
  {
    ...speaks(
      'starttls-inside-tls',
      'offers STARTTLS again inside TLS',
      {reply: hello('250-STARTTLS', '250 8BITMIME')},
      'tls',
    ),
  },
  {
    ...speaks(
      'ehlo-421-inside-tls',
      'asks to come back later inside TLS',
      {
        reply: (verb, secure) => (secure && verb === 'EHLO' ? ['421 4.3.2 too busy'] : undefined),
      },
      'tls',
    ),
    // Who sends no STARTTLS never hears of it.
    levels: {...UNREACHABLE, none: 'clear'},
    remarks: ['greeting-deferred', 'host-unreachable'],
  },
  speaks(
    'ehlo-lower-case',
    'nothing: its EHLO keywords are in lower case',
    {reply: hello('250-starttls', '250 8bitmime')},
    'tls',
  ),
  speaks(
    'ehlo-trailing-blanks',
    'nothing: blanks stand behind its EHLO keywords',
    {
      reply: (verb, secure) => (secure ? undefined : hello('250-STARTTLS   ', '250 8BITMIME \t ')(verb)),
    },
    'tls',
  ),
  speaks('ehlo-segments', 'nothing: what it says comes in pieces of seven octets', {utter: inPieces(7, 2)}, 'tls'),
  {
    ...speaks('ehlo-giant', 'an EHLO answer of a hundred lines', {reply: giantHello}, 'tls'),
    remarks: ['ehlo-giant'],
  },
  {
    ...speaks('ehlo-silence', 'greets, and does not answer EHLO', {
      reply: (verb) => (verb === 'EHLO' || verb === 'HELO' ? null : undefined),
    }),
    ...NOT_REACHED,
    remarks: ['ehlo-silence', 'host-unreachable'],
  },
  {
    ...speaks('ehlo-421', 'greets, and answers EHLO with 421', {
      reply: (verb) => (verb === 'EHLO' ? ['421 4.3.2 too busy'] : undefined),
    }),
    ...NOT_REACHED,
    remarks: ['greeting-deferred', 'host-unreachable'],
  },
  {
    ...speaks(
      'banner-multiline',
      'a greeting of four lines',
      greets('220-mx1.banner-multiline.example', '220-no spam,', '220-please', '220 ESMTP'),
      'tls',
    ),
    remarks: ['banner-multiline'],
  },
  speaks(
    'banner-split',
    'nothing: its greeting comes one octet after the other',
    {
      utter: (socket, octets) =>
        octets.startsWith('220 mx') ? inPieces(1, 2)(socket, octets) : inPieces(4096, 0)(socket, octets),
    },
    'tls',
  ),
  {
    ...speaks('banner-without-esmtp', 'a greeting without the word ESMTP', greets('220 mx1 ready'), 'tls'),
    remarks: ['banner-without-esmtp'],
  },
  {
    ...speaks(
      'banner-endless',
      'a greeting that has no end',
      greets(...Array.from({length: 1000}, (_, i) => `220-line ${i}`)),
    ),
    ...NOT_REACHED,
    remarks: ['host-unreachable'],
  },
  {
    ...speaks('banner-one-line', 'a greeting whose first line has no end', greets(`220 ${'x'.repeat(100_000)}`)),
    ...NOT_REACHED,
    remarks: ['host-unreachable'],
  },
  {
    ...speaks('banner-garbage', 'no SMTP, but SSH', greets('SSH-2.0-OpenSSH_9.9')),
    ...NOT_REACHED,
    remarks: ['host-unreachable'],
  },
  {
    ...speaks(
      'banner-slow',
      'takes more than five seconds for its greeting',
      {
        utter: async (socket, octets) => {
          if (octets.startsWith('220 mx')) await sleep(5_300)
          socket.write(octets, 'latin1')
        },
      },
      'tls',
    ),
    remarks: ['slow-greeting'],
  },
  {
    ...speaks('banner-silence', 'takes the connection, and says nothing', {reply: () => null}),
    ...NOT_REACHED,
    remarks: ['host-unreachable', 'no-greeting'],
  },
  {
    ...speaks('greeting-421', 'greets with 421', greets('421 4.3.2 too many connections, try again later')),
    ...NOT_REACHED,
    remarks: ['greeting-deferred', 'host-unreachable'],
  },
  {
    ...speaks('greeting-450', 'greets with 450', greets('450 4.7.1 your address is on a grey list')),
    ...NOT_REACHED,
    remarks: ['greeting-deferred', 'host-unreachable'],
  },
  {
    ...speaks('greeting-554', 'greets with 554', greets('554 5.7.1 no mail from your address')),
    ...NOT_REACHED,
    remarks: ['greeting-refused', 'host-unreachable'],
  },
  speaks('tarpit', 'nothing: each of its answers takes a while', {utter: inPieces(24, 60)}, 'tls'),
  {
    ...speaks('bare-line-feed', 'ends its lines with LF alone', {lineEnd: '\n'}, 'tls'),
    remarks: ['bare-line-feed'],
  },
  {
    name: 'tls-on-plain-port',
    trouble: 'waits for a TLS handshake on the port of plain SMTP',
    ...NOT_REACHED,
    remarks: ['host-unreachable', 'tls-on-plain-port'],
    build: async ({pki, mx}) => {
      const secureContext = contextFor(await pki.leaf([mx]))
      return {
        identity: null,
        serve: (socket) => {
          new TLSSocket(socket, {isServer: true, secureContext}).on('error', () => socket.destroy())
        },
      }
    },
  },
  {
    name: 'smtps',
    trouble: 'nothing: looked at where TLS begins at once (--smtps)',
    implicitTls: true,
    build: inOrder,
  },
  {
    ...speaks('clear-text-on-smtps', 'speaks SMTP in clear text where TLS should begin at once (--smtps)', {
      clearOnTlsPort: true,
    }),
    implicitTls: true,
    levels: at('refused', 'refused', 'refused', 'refused'),
    findings: ['validation-failure'],
    remarks: ['plain-smtp-on-tls-port'],
  },
  {
    name: 'close-at-once',
    trouble: 'takes the connection, and closes it without a word',
    ...NOT_REACHED,
    remarks: ['host-unreachable'],
    build: async () => ({identity: null, serve: (socket) => void socket.end()}),
  },
  {
    name: 'port-closed',
    trouble: 'refuses the connection',
    ...NOT_REACHED,
    remarks: ['host-unreachable'],
    build: async () => ({identity: null, closed: true}),
  },
]

/** A host that plays this script; `tls`: with a certificate in order. */
function speaks(name: string, trouble: string, script: Script, tls?: 'tls'): Draft {
  return {
    name,
    trouble,
    build: async ({pki, mx}) => ({identity: tls ? await pki.leaf([mx]) : null, script}),
  }
}

type Reply = NonNullable<Script['reply']>

function hello(...lines: string[]): (verb: string) => string[] | undefined {
  return (verb) => (verb === 'EHLO' ? ['250-mx1 at your service', ...lines] : undefined)
}

function greets(...lines: string[]): Script {
  return {reply: (verb) => (verb === '' ? lines : undefined)}
}

/** Offers STARTTLS and answers it so. */
function offering(...lines: string[]): Script {
  const reply: Reply = (verb) => (verb === 'STARTTLS' ? lines : hello('250-STARTTLS', '250 8BITMIME')(verb))
  return {reply}
}

function giantHello(verb: string, secure: boolean): string[] | undefined {
  if (secure) return undefined
  const keywords = Array.from({length: 98}, (_, i) => `250-X-EXTENSION-${i} ${'with parameters '.repeat(3)}`)
  return hello(...keywords, '250-STARTTLS', '250 8BITMIME')(verb)
}
