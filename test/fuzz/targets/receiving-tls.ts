import {createHash, createHmac, pbkdf2Sync} from 'node:crypto'
import {once} from 'node:events'
import {connect as connectTcp, type Socket} from 'node:net'
import {connect, createSecureContext, type TLSSocket} from 'node:tls'
import {issueCertificate} from '../../../src/pki/issue.ts'
import type {Credential} from '../../../src/smtp/sasl/credential.ts'
import {type House, openHouse, RawClient} from '../../smtp/receive-support.ts'
import {repliesIn, walk} from '../framing.ts'
import {cutAnywhere, Random, seedOf} from '../random.ts'
import {same, type Target} from '../target.ts'
import {SMTP_WORDS} from './smtp-words.ts'

const LARGEST = 4_000
/** The first reply of the session inside: to a walk it stands where the greeting does. */
const HELLO = 'EHLO client.example\r\n'

/**
 * The receiving session inside TLS, with AUTH. The same octets come once where TLS begins at once, and once behind STARTTLS
 * in other records, after having been slipped in behind STARTTLS in clear text too, which must change nothing.
 */
export async function receivingTls(): Promise<Target> {
  const {certificatePem: cert, keyPem: key} = await issueCertificate({subject: 'mx', dnsNames: ['mx.example.test']})
  const anna = credential()
  const settings = {
    secureContext: createSecureContext({cert, key}),
    auth: {
      users: () => ({credentials: new Map([['anna', anna]]), decoySecret: Buffer.alloc(24, 7)}),
      failures: 3,
    },
    limits: {messageSize: LARGEST, recipients: 3, errors: 12, commandLine: 1024},
  }
  const [implicit, startTls] = [await openHouse({...settings, mode: 'implicit'}), await openHouse(settings)]
  return {
    name: 'receiving-tls',
    dictionary: [...SMTP_WORDS, HELLO],
    check: async (input) => {
      const plain = await inside(implicit, await handshake(connectTcp(implicit.port, '127.0.0.1')), [input])
      const injected = await afterStartTls(startTls, input)
      same(injected, plain, 'what came before the handshake, or how records were cut, made a difference')
      const framing = walk(
        Buffer.concat([Buffer.from(HELLO), input]),
        ['220 in place of it\r\n', ...plain.replies],
        LARGEST,
      )
      same(plain.bodies, framing.bodies, 'what was taken is not what was sent')
      return framing.words
    },
    close: async () => void (await Promise.all([implicit.close(), startTls.close()])),
  }
}

/** Of the password `pw`, which the dictionary knows; as few rounds as may be, for what is looked for is not in the hash. */
function credential(): Credential {
  const [salt, iterations] = [Buffer.alloc(16, 1), 4096]
  const salted = pbkdf2Sync('pw', salt, iterations, 32, 'sha256')
  const keyOf = (name: string) => createHmac('sha256', salted).update(name).digest()
  const storedKey = createHash('sha256').update(keyOf('Client Key')).digest()
  return {iterations, salt, storedKey, serverKey: keyOf('Server Key')}
}

async function afterStartTls(house: House, input: Buffer) {
  const client = await RawClient.open(house.port)
  await client.reply()
  await client.ask('EHLO client.example')
  client.socket.setNoDelay(true)
  await client.ask(Buffer.concat([Buffer.from('STARTTLS\r\n'), input]))
  client.socket.removeAllListeners('data')
  const cut = cutAnywhere(input, new Random(seedOf(input)), 1 + (input.length >> 2))
  return inside(house, await handshake(client.socket), cut)
}

async function handshake(socket: Socket): Promise<TLSSocket> {
  const tls = connect({socket, rejectUnauthorized: false})
  tls.on('error', () => {})
  await once(tls, 'secureConnect')
  return tls
}

/** Says hello and the pieces; resolves at the end of the session with the replies to both, and the bodies it took. */
async function inside(house: House, tls: TLSSocket, pieces: readonly Buffer[]) {
  let text = ''
  tls.on('data', (chunk: Buffer) => {
    text += chunk.toString('latin1')
  })
  for (const piece of [Buffer.from(HELLO), ...pieces]) tls.write(piece)
  tls.end()
  await once(tls, 'close')
  while (house.open > 0) await new Promise(setImmediate)
  // The session of STARTTLS has greeted before; where TLS begins at once the greeting is within.
  const replies = repliesIn(text).filter((reply, i) => i > 0 || !reply.startsWith('220 mx'))
  const bodies = house.taken.splice(0).map(({body}) => body)
  // RFC 5802: the challenge has a nonce in it.
  return {replies: replies.map((reply) => reply.replace(/^334 .*/, '334 …')), bodies}
}
