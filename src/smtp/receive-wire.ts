import type {Socket} from 'node:net'
import type {Reply} from '../mail/reply.ts'
import {type InputLine, ReceivedInput} from './receive-input.ts'
import {LEAST_WAITING, type ReceiveMemory} from './receive-memory.ts'
import {formatReply} from './receive-replies.ts'

/** Octets that may wait unread, and replies that may wait unsent, before the client is held back. */
const MOST_WAITING = 65_536
/** How long a client may take to take our last words, milliseconds. */
const LINGER = 2_000

/** Why there is no more input. */
export type End = {ended: string}

/**
 * The receiving end of one connection: lines and chunks in, replies out. What waits in either direction is bounded;
 * every wait has an end. Replies to pipelined commands leave together (RFC 2920 §3.2).
 */
export class ReceiveWire {
  #socket: Socket
  readonly #input: ReceivedInput
  readonly #memory: ReceiveMemory | null
  readonly #dataTimeout: number
  #received = 0
  /** Octets that were handed out, and are not done with until more are asked for. */
  #inHand = 0
  #output = ''
  #ended: string | null = null
  #stopping = false
  #wake: (() => void) | null = null

  /** `dataTimeout`: milliseconds that a client may fall silent within a message. */
  constructor(socket: Socket, dataTimeout: number, memory: ReceiveMemory | null) {
    this.#socket = socket
    this.#dataTimeout = dataTimeout
    this.#memory = memory
    this.#input = new ReceivedInput(memory)
    // Stays for good: an error without a listener would end the process.
    socket.on('error', this.#onError)
  }

  /** The TCP connection, or the TLS connection on top of it. */
  get socket(): Socket {
    return this.#socket
  }

  /** Octets that were read so far. */
  get received(): number {
    return this.#received
  }

  /** It is the client that something is waited for. */
  get waiting(): boolean {
    return this.#wake !== null
  }

  attach(socket: Socket): void {
    if (socket !== this.#socket) socket.on('error', this.#onError)
    this.#socket = socket
    socket.on('data', this.#onData)
    socket.on('end', this.#onEnd)
    socket.on('close', this.#onEnd)
    if (socket.destroyed || socket.readableEnded) this.#onEnd()
  }

  /** Lets go of the socket and throws away what it sent so far; returns how many octets that was. */
  detach(): number {
    const {socket} = this
    socket.off('data', this.#onData)
    socket.off('end', this.#onEnd)
    socket.off('close', this.#onEnd)
    socket.pause()
    return this.discard()
  }

  /** Throws away every octet that has arrived and was not read. */
  discard(): number {
    let dropped = this.#input.clear()
    for (let chunk = this.#socket.read(); chunk !== null; chunk = this.#socket.read()) dropped += chunk.length
    return dropped
  }

  /** The connection is to end at the next wait for a command. */
  stop(): void {
    this.#stopping = true
    this.#wake?.()
  }

  /** Ends every wait from now on. */
  expire(reason: string): void {
    this.#ended ??= reason
    this.#wake?.()
  }

  /** Waits for a line of at most `most` octets; `timeout` is for the whole line, however slowly it drips. */
  async line(most: number, timeout: number): Promise<InputLine | End> {
    this.#hold(0)
    const take = () => {
      if (this.#stopping) return {ended: 'stopping'}
      return this.#input.takeLine(most)
    }
    const ready = take()
    if (ready && this.#output.length < MOST_WAITING / 4) return ready
    await this.#flush(timeout)
    return ready ?? (await this.#wait(take, timeout))
  }

  /** Waits for the next octets of a message, `most` at the most; the timeout is for each wait (RFC 5321 §4.5.3.2.5). */
  async bodyOctets(most: number): Promise<Buffer | End> {
    const take = () => {
      const octets = this.#input.takeChunk(most)
      if (octets) this.#hold(octets.length)
      return octets
    }
    this.#hold(0)
    const ready = take()
    if (ready) return ready
    this.#send()
    return this.#wait(take, this.#dataTimeout)
  }

  /** True when the client speaks within this time, before it was greeted (RFC 5321 §4.3.1). */
  async speaks(within: number): Promise<boolean> {
    const spoken = () => (this.#input.length > 0 ? true : this.#stopping ? false : null)
    return (await this.#wait<boolean>(spoken, within)) === true
  }

  /** Lets this time pass, unless the connection ends before. */
  async pause(ms: number): Promise<End | null> {
    const ended = ms > 0 ? await this.#wait(() => (this.#stopping ? {ended: 'stopping'} : null), ms) : null
    return ended?.ended === 'timeout' ? null : ended
  }

  /** Gives back what was read beyond the end of the message. */
  putBack(chunk: Buffer): void {
    this.#input.putBack(chunk)
  }

  reply(reply: Reply): void {
    this.#output += formatReply(reply)
  }

  /** Sends the replies that wait; resolves once the client has taken enough of them. */
  async #flush(timeout: number): Promise<void> {
    this.#send()
    if (this.#socket.writableLength <= MOST_WAITING || this.#ended !== null) return
    const drained = () => (this.#socket.writableLength === 0 ? true : null)
    const wake = () => this.#wake?.()
    this.#socket.on('drain', wake)
    const result = await this.#wait<true>(drained, timeout)
    this.#socket.off('drain', wake)
    if (result !== true) this.expire('the client takes no replies')
  }

  /** Resolves once every reply has been handed to the system, or the connection is gone. */
  async sent(): Promise<void> {
    this.#send()
    const {socket} = this
    if (!socket.writable) return
    await new Promise<void>((resolve) => {
      socket.once('close', resolve)
      socket.write('', () => resolve(void socket.off('close', resolve)))
    })
  }

  /** Last words out, then the connection is closed: gently, so that the client can read them. */
  async close(): Promise<void> {
    const {socket} = this
    this.#send()
    if (socket.destroyed) return
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, LINGER)
      socket.once('close', () => resolve(clearTimeout(timer)))
      // Unread input would turn the close into a reset, and a reset can overtake the reply.
      socket.off('data', this.#onData)
      socket.resume()
      socket.end()
    })
    socket.destroy()
  }

  destroy(): void {
    this.#socket.destroy()
    this.#input.clear()
    this.#hold(0)
  }

  #send(): void {
    const text = this.#output
    this.#output = ''
    if (text !== '' && this.#socket.writable) this.#socket.write(text)
  }

  /** Waits until `take` has something. Input that arrived before the end is still taken. */
  async #wait<T>(take: () => T | null, timeout: number): Promise<T | End> {
    let late = false
    const timer = setTimeout(() => {
      late = true
      this.#wake?.()
    }, timeout)
    try {
      for (;;) {
        const taken = take()
        if (taken !== null) return taken
        if (this.#ended !== null) return {ended: this.#ended}
        if (late) return {ended: 'timeout'}
        if (this.#input.length < this.#mostWaiting && this.#socket.isPaused()) this.#socket.resume()
        await new Promise<void>((resolve) => {
          this.#wake = resolve
        })
        this.#wake = null
      }
    } finally {
      clearTimeout(timer)
    }
  }

  #hold(octets: number): void {
    this.#memory?.count(octets - this.#inHand)
    this.#inHand = octets
  }

  get #mostWaiting(): number {
    return this.#memory?.full ? LEAST_WAITING : MOST_WAITING
  }

  readonly #onData = (chunk: Buffer): void => {
    this.#received += chunk.length
    this.#input.push(chunk)
    if (this.#input.length >= this.#mostWaiting) this.#socket.pause()
    this.#wake?.()
  }

  readonly #onEnd = (): void => this.expire('the client closed the connection')

  readonly #onError = (error: Error): void => this.expire(`the connection broke: ${error.message}`)
}
