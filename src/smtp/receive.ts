import type {Socket} from 'node:net'
import {ReceiveSession} from './receive-session.ts'
import type {ReceiverHandlers, ReceiverOptions} from './receiver.ts'

/**
 * The receiving session: one client, one connection, RFC 5321 with STARTTLS (RFC 3207), PIPELINING, SIZE, 8BITMIME,
 * SMTPUTF8, DSN, CHUNKING, REQUIRETLS and enhanced status codes. A Buffer state machine of our own, because the product is in its details:
 * the envelope is handed on byte for byte, nothing that came before the handshake counts after it, only CRLF.CRLF ends
 * a message, and a slow, endless or hostile client costs bounded time and memory. It knows SMTP and no policy; the
 * house answers through `handlers`.
 *
 * Resolves when the connection is over; never rejects. What a handler throws is answered 451. The listener should
 * accept with `allowHalfOpen`, so that a client that closes its side after its last command still gets its replies.
 */
export async function receiveSession(
  socket: Socket,
  options: ReceiverOptions,
  handlers: ReceiverHandlers,
): Promise<void> {
  const session = new ReceiveSession(socket, options, handlers)
  const expiry = setTimeout(() => session.expire(), options.timeouts.session)
  const stop = () => session.stop()
  options.signal?.addEventListener('abort', stop, {once: true})
  if (options.signal?.aborted) stop()
  let reason = 'a handler failed'
  try {
    reason = await session.run()
  } finally {
    clearTimeout(expiry)
    options.signal?.removeEventListener('abort', stop)
    session.destroy()
    options.observe?.({type: 'closed', reason})
  }
}
