import {dial} from '../path/dial.ts'
import type {PathWorld} from '../path/path.ts'
import {trustAnchors} from '../pki/anchors.ts'
import type {AttemptEvidence, PathEvidence} from '../policy/evidence.ts'
import {codeOf} from '../smtp/error.ts'
import {upgrade} from '../smtp/upgrade.ts'
import type {Deadline} from './probe-deadline.ts'
import {unregisteredDomains} from './probe-names.ts'
import type {Turns} from './probe-turns.ts'

/** What is asked beyond the engine's evidence, and only where that leaves a question. */
export interface CloserLook {
  /** By MX host that does not exist: the domain above it that belongs to nobody. */
  unregistered: ReadonlyMap<string, string>
  /** `address port` of those that were silent and then answered a ClientHello. */
  answering: ReadonlySet<string>
}

/** Milliseconds for a handshake that is made to see whether there is one. */
const HELLO_MS = 3_000
/** Silent addresses that are asked again. */
const MOST_ASKED = 4

/** Asks on within the deadline; what there was no time for is missing. */
export async function lookCloser(
  {path, turns}: {path: PathWorld; turns: Turns},
  evidence: PathEvidence,
  deadline: Deadline,
): Promise<CloserLook> {
  const {signal} = deadline
  const unregistered = await unregisteredDomains(path.resolver, evidence.route, signal)
  const answering = new Set<string>()
  for (const {address, port} of evidence.attempts.filter(isSilent).slice(0, MOST_ASKED)) {
    if (signal.aborted) break
    const leave = await deadline.during(turns.take(address, signal)).catch(() => null)
    if (leave && (await answersHello(path, address, port, signal))) answering.add(`${address} ${port}`)
    leave?.()
  }
  return {unregistered, answering}
}

/** TCP stood, and not one octet came. */
function isSilent({reach, mode}: AttemptEvidence): boolean {
  return mode === 'starttls' && reach.status === 'unreachable' && reach.stage === 'greeting' && reach.reply === null
}

/** True where a ClientHello gets any answer of TLS, be it an alert. */
async function answersHello(world: PathWorld, address: string, port: number, signal: AbortSignal): Promise<boolean> {
  const limit = {ms: HELLO_MS, signal}
  const socket = await dial(world, address, port, limit).catch(() => null)
  if (!socket) return false
  try {
    const anchors = trustAnchors({imported: [], system: false, issuers: null})
    await upgrade(socket, {anchors, minTls: '1.2', minStrength: 112, serverName: null, limit})
    return true
  } catch (error) {
    const code = codeOf(error) ?? ''
    return code.startsWith('ERR_SSL_') && !code.endsWith('WRONG_VERSION_NUMBER')
  } finally {
    socket.destroy()
  }
}
