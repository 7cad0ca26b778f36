import {createHash, createHmac, pbkdf2Sync, randomBytes} from 'node:crypto'
import type {TLSSocket} from 'node:tls'
import type {RawClient} from './receive-support.ts'

/** A SASL client for tests, written from the RFCs and sharing nothing with what it tests. */

export const base64 = (text: string | Buffer) => Buffer.from(text).toString('base64')
export const plainMessage = (user: string, password: string, actFor = '') => base64(`${actFor}\0${user}\0${password}`)

const mac = (key: Buffer, text: string) => createHmac('sha256', key).update(text).digest()

/** RFC 5802 §3: the proof and the signature to expect, for an AuthMessage. */
export function scramProof(password: string, salt: Buffer, iterations: number, authMessage: string) {
  const salted = pbkdf2Sync(password, salt, iterations, 32, 'sha256')
  const clientKey = mac(salted, 'Client Key')
  const signature = mac(createHash('sha256').update(clientKey).digest(), authMessage)
  const proof = Buffer.from(clientKey.map((octet, i) => octet ^ signature[i]!))
  return {proof: proof.toString('base64'), server: mac(mac(salted, 'Server Key'), authMessage).toString('base64')}
}

export interface ScramScript {
  mechanism?: string
  header?: string
  user?: string
  password?: string
  /** Octets after the header in `c=`. */
  binding?: Buffer
  /** Changes the last message before it is sent. */
  final?: (message: string) => string
}

/** A SCRAM exchange up to its last reply; `first` is the server's first message, `sent` the last one of the client. */
export async function scramLogin(client: RawClient, script: ScramScript = {}) {
  const {mechanism = 'SCRAM-SHA-256', header = 'n,,', user = 'anna', password = 'correct horse'} = script
  const bare = `n=${user},r=${randomBytes(12).toString('base64')}`
  const reply = await client.ask(`AUTH ${mechanism} ${base64(header + bare)}`)
  if (!reply.startsWith('334 ')) return {reply, first: '', sent: ''}
  const first = Buffer.from(reply.slice(4), 'base64').toString()
  const [, nonce, salt, iterations] = /^r=([^,]+),s=([^,]+),i=(\d+)$/.exec(first)!
  const binding = Buffer.concat([Buffer.from(header), script.binding ?? Buffer.alloc(0)])
  const withoutProof = `c=${base64(binding)},r=${nonce}`
  const authMessage = `${bare},${first},${withoutProof}`
  const {proof, server} = scramProof(password, Buffer.from(salt!, 'base64'), Number(iterations), authMessage)
  const message = `${withoutProof},p=${proof}`
  const sent = script.final?.(message) ?? message
  const verdict = await client.ask(base64(sent))
  if (verdict !== `334 ${base64(`v=${server}`)}`) return {reply: verdict, first, sent}
  return {reply: await client.ask(''), first, sent}
}

/** RFC 9266. */
export function tlsExporter(client: RawClient): Buffer {
  return (client.socket as TLSSocket).exportKeyingMaterial(32, 'EXPORTER-Channel-Binding', Buffer.alloc(0))
}
