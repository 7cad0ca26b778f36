import type {MailAddress} from '../mail/address.ts'
import {Exit, PosternError} from '../mail/error.ts'
import type {ListenerSettings} from '../relay/snapshot.ts'
import {deliverDirect} from './deliver-direct.ts'
import {relayReport} from './relay-status.ts'
import type {SendResult} from './send-result.ts'
import type {AppWorld} from './world.ts'

/**
 * Hands a message to the relay that runs on this data directory, over SMTP like any client. Throws `relay-not-running`
 * (75).
 */
export async function sendMessage(
  world: AppWorld,
  letter: {from: MailAddress | null; to: MailAddress[]; message: Buffer; timeout: number},
): Promise<SendResult> {
  const report = await relayReport(world, letter.timeout)
  if (report === null) {
    throw new PosternError('relay-not-running', 'no relay runs on this data directory', {
      exit: Exit.tryAgain,
      hints: ['start one: postern relay start --detach', 'or deliver without one: postern send --direct'],
    })
  }
  const door = report.listeners.find(({tls}) => tls !== 'implicit') ?? report.listeners[0]
  if (!door)
    throw new PosternError('relay-deaf', 'the relay listens nowhere', {
      exit: Exit.tryAgain,
      hints: ['see listeners in relay.yaml'],
    })
  const route = {host: reachable(door), port: door.port, implicitTls: door.tls === 'implicit'}
  return deliverDirect(world, {...letter, route, profile: 'preferred', queued: true})
}

/** Where a listener on every address is reached from here. */
function reachable({address}: ListenerSettings): string {
  if (address === '0.0.0.0') return '127.0.0.1'
  return address === '::' ? '::1' : address
}
