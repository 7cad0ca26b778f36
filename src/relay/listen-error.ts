import type {Server} from 'node:net'
import {endpoint} from '../mail/address.ts'
import {Exit, PosternError} from '../mail/error.ts'

/** What a socket that cannot be listened on comes to: `listen-denied` (77), `listen-in-use` (75), `listen-failed` (73). */
export function listenError(where: {address: string; port: number}, cause: NodeJS.ErrnoException): PosternError {
  const named = endpoint(where)
  if (cause.code === 'EACCES') {
    return new PosternError('listen-denied', `may not listen on ${named}`, {
      exit: Exit.permission,
      hints: [
        'start it as root, with user: postern in relay.yaml; one that gave root up needs a restart for another port',
        'or have systemd open the port: postern relay unit --socket',
        'or give the privilege: setcap cap_net_bind_service=+ep "$(command -v node)"',
      ],
      cause,
    })
  }
  if (cause.code === 'EADDRINUSE') {
    return new PosternError('listen-in-use', `another program listens on ${named}`, {
      exit: Exit.tryAgain,
      hints: ['stop it, or choose another port in relay.yaml', 'is it a relay? postern relay status'],
      cause,
    })
  }
  return new PosternError('listen-failed', `cannot listen on ${named}: ${cause.code ?? cause.message}`, {
    exit: Exit.cannotCreate,
    hints: ['check the addresses in relay.yaml'],
    cause,
  })
}

/** The port that the system gave; 0 where it does not listen. */
export function portOf(server: Server): number {
  const address = server.address()
  return typeof address === 'object' && address !== null ? address.port : 0
}
