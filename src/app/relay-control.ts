import {Exit, PosternError} from '../mail/error.ts'
import type {QueueStore} from '../queue/store.ts'
import type {ControlHandler, ControlRequest} from '../relay/control.ts'
import type {Relay} from '../relay/relay.ts'
import {queueAction} from './queue-action.ts'
import {ownReport} from './relay-status.ts'
import type {RunningRelay} from './start-relay.ts'

/** What a running relay does for those who may open its control socket. */
export function relayControl(
  relay: Relay,
  running: Pick<RunningRelay, 'reload' | 'reloadFailure' | 'stop'>,
  logFile: string | null,
): ControlHandler {
  const actions: Record<string, (request: ControlRequest) => Promise<unknown>> = {
    ping: async () => null,
    status: () => ownReport(relay, {logFile, reloadFailure: running.reloadFailure()}),
    reload: () => running.reload(),
    stop: async () => {
      await running.stop('asked to stop')
      return {pid: process.pid}
    },
    queue: async (request) => {
      // Who retries by hand has often just changed the policy, or had DNS put right.
      if (request.action === 'retry' || request.action === 'resume') {
        await running.reload().catch(() => {})
        relay.forgetDns()
      }
      const queue = openStore(relay)
      return queueAction({queue, bounce: (filter, how) => relay.bounce(queue, filter, how)}, request)
    },
  }
  return async (request) => {
    const action = Object.hasOwn(actions, request.do) ? actions[request.do] : undefined
    if (action) return action(request)
    throw new PosternError('control-request', 'the relay does not know this request', {
      exit: Exit.usage,
      hints: ['relay and command are of different releases: restart the relay'],
    })
  }
}

function openStore({queue}: Relay): QueueStore {
  if (queue) return queue
  throw new PosternError('queue-failed', 'the queue is being opened anew', {
    exit: Exit.tryAgain,
    hints: ['see the log: postern relay logs'],
  })
}
