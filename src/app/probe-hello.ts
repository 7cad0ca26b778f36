import {randomBytes} from 'node:crypto'
import type {Socket} from 'node:net'
import {printable} from '../mail/domain.ts'
import {type Reply, replyText} from '../mail/reply.ts'
import {dial} from '../path/dial.ts'
import type {PathWorld} from '../path/path.ts'
import {trustAnchors} from '../pki/anchors.ts'
import type {AttemptEvidence} from '../policy/evidence.ts'
import {Channel} from '../smtp/channel.ts'
import {codeOf} from '../smtp/error.ts'
import type {HelloAnswer} from '../smtp/hello/answer.ts'
import {askHello} from '../smtp/hello/ask.ts'
import {clientHello, type HelloOffer} from '../smtp/hello/client-hello.ts'
import {upgrade} from '../smtp/upgrade.ts'

/** Where to connect, and how TLS begins there. */
export type HelloTarget = Pick<AttemptEvidence, 'host' | 'address' | 'port' | 'mode'>

/** The peer sent us away, or is gone: nothing more is asked of it. */
export class Unwelcome extends Error {
  override readonly name = 'Unwelcome'
}

/** One connection: up to STARTTLS where it is needed, one ClientHello, and its answer. Throws Unwelcome. */
export async function sayHello(
  world: PathWorld,
  target: HelloTarget,
  offer: HelloOffer,
  signal: AbortSignal,
): Promise<HelloAnswer> {
  const socket = await connected(world, target, signal)
  try {
    if (target.mode === 'starttls') await startTls(world, socket, 'STARTTLS\r\n', signal)
    return await askHello(socket, clientHello(offer, randomBytes(32)), {ms: world.timeouts.handshake, signal})
  } finally {
    socket.destroy()
  }
}

/**
 * Sends a command in the same octets as STARTTLS, and counts what is answered inside TLS (RFC 3207 §4.2,
 * CVE-2011-0411). The command is NOOP, so that nothing comes of it. null: it could not be found out.
 */
export async function takesInjectedCommand(
  world: PathWorld,
  target: HelloTarget,
  signal: AbortSignal,
): Promise<boolean | null> {
  const socket = await connected(world, target, signal)
  try {
    if ((await startTls(world, socket, 'STARTTLS\r\nNOOP\r\n', signal)) > 0) return false
    const serverName = target.host.startsWith('[') ? null : target.host
    const limit = {ms: world.timeouts.handshake, signal}
    const {stream} = await upgrade(socket, {anchors: NOBODY(), minTls: '1.2', minStrength: 112, serverName, limit})
    const inside = new Channel(stream)
    const step = {ms: world.timeouts.command, signal}
    await inside.write(`EHLO ${world.helloName}\r\n`, step)
    await inside.read(step)
    await inside.write('QUIT\r\n', step)
    // Were NOOP answered first, the answer to EHLO would come here.
    return (await inside.read(step)).code === 250
  } catch (error) {
    if (error instanceof Unwelcome) throw error
    signal.throwIfAborted()
    // The answer to NOOP came in clear text where the handshake should begin: it was not kept for the inside.
    return codeOf(error)?.endsWith('WRONG_VERSION_NUMBER') ? false : null
  } finally {
    socket.destroy()
  }
}

const NOBODY = () => trustAnchors({imported: [], system: false})

async function connected(world: PathWorld, {address, port}: HelloTarget, signal: AbortSignal): Promise<Socket> {
  try {
    return await dial(world, address, port, {ms: world.timeouts.connect, signal})
  } catch (error) {
    signal.throwIfAborted()
    throw new Unwelcome(printable((error as Error).message))
  }
}

/** Up to the 220 of STARTTLS; the number of octets that came behind it. */
async function startTls(world: PathWorld, socket: Socket, command: string, signal: AbortSignal): Promise<number> {
  const channel = new Channel(socket)
  const {greeting, command: ms} = world.timeouts
  try {
    expectCode(220, await channel.read({ms: greeting, signal}))
    await channel.write(`EHLO ${world.helloName}\r\n`, {ms, signal})
    expectCode(250, await channel.read({ms, signal}))
    await channel.write(command, {ms, signal})
    expectCode(220, await channel.read({ms, signal}))
  } catch (error) {
    signal.throwIfAborted()
    throw error instanceof Unwelcome ? error : new Unwelcome(printable((error as Error).message))
  }
  // One turn of the event loop, so that octets which already arrived are seen.
  await new Promise((resolve) => setImmediate(resolve))
  return channel.detach()
}

function expectCode(code: number, reply: Reply): void {
  if (reply.code !== code) throw new Unwelcome(printable(replyText(reply)))
}
