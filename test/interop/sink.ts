import {once} from 'node:events'
import type {AddressInfo, Socket} from 'node:net'
import {text} from 'node:stream/consumers'
import {SMTPServer} from 'smtp-server'

/** A next hop that takes everything but what is for refused@…: somebody else's SMTP implementation, so that ours does not test itself. */
export interface Sink {
  port: number
  messages: string[]
  subjects(): string[]
  stop(): Promise<void>
}

export async function startSink(): Promise<Sink> {
  const messages: string[] = []
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['AUTH', 'STARTTLS'],
    disableReverseLookup: true,
    hideSMTPUTF8: false,
    size: 64 * 1024 * 1024,
    onRcptTo({address}: {address: string}, _session: unknown, done: (error?: Error) => void) {
      done(address.startsWith('refused@') ? Object.assign(new Error('no such user'), {responseCode: 550}) : undefined)
    },
    onData(stream: NodeJS.ReadableStream, _session: unknown, done: (error?: Error) => void) {
      text(stream as unknown as Socket).then((message) => {
        messages.push(message)
        done()
      }, done)
    },
  })
  // A client that is killed resets its connection.
  server.on('error', () => {})
  const listening = once(server.server, 'listening')
  server.listen(0, '127.0.0.1')
  await listening
  return {
    port: (server.server.address() as AddressInfo).port,
    messages,
    subjects: () => messages.flatMap((message) => /^Subject: (.*?)\r?$/m.exec(message)?.[1] ?? []),
    stop: () => new Promise((resolve) => server.close(() => resolve())),
  }
}
