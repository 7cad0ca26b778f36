import {once} from 'node:events'
import {type ConnectionOptions, connect as connectTls} from 'node:tls'
import {RawClient} from '../smtp/receive-support.ts'

export interface Submission {
  from?: string
  to: string[]
  /** Parameters after the address. */
  mailParameters?: string
  rcptParameters?: string
  message?: string
}

/** A client that has said EHLO, in clear text, over STARTTLS or over implicit TLS. */
export async function client(
  port: number,
  tls: 'none' | 'starttls' | 'implicit' = 'none',
  options: ConnectionOptions = {},
): Promise<RawClient> {
  const raw = await RawClient.open(port)
  if (tls === 'implicit') await encrypt(raw, options)
  await raw.reply()
  await raw.ask('EHLO client.example')
  if (tls !== 'starttls') return raw
  await raw.ask('STARTTLS')
  await encrypt(raw, options)
  await raw.ask('EHLO client.example')
  return raw
}

async function encrypt(raw: RawClient, options: ConnectionOptions): Promise<void> {
  const secured = connectTls({socket: raw.socket, rejectUnauthorized: false, ...options})
  raw.take(secured)
  await once(secured, 'secureConnect')
}

/** One transaction; the last reply. */
export async function submit(raw: RawClient, submission: Submission): Promise<string> {
  const {from = 'ops@example.org', to, mailParameters = '', rcptParameters = ''} = submission
  const replies = [await raw.ask(`MAIL FROM:<${from}> ${mailParameters}`.trim())]
  for (const address of to) replies.push(await raw.ask(`RCPT TO:<${address}> ${rcptParameters}`.trim()))
  const refused = replies.find((reply) => !reply.startsWith('250'))
  if (refused) return refused
  await raw.ask('DATA')
  return raw.ask(Buffer.from(`${submission.message ?? 'Subject: test\r\n\r\nbody\r\n'}.\r\n`))
}

/** One message on a connection of its own, without TLS. */
export async function send(port: number, submission: Submission): Promise<string> {
  const raw = await client(port)
  const reply = await submit(raw, submission)
  raw.socket.destroy()
  return reply
}
