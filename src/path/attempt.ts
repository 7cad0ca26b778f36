import type {Socket} from 'node:net'
import type {Duplex} from 'node:stream'
import {printable} from '../mail/domain.ts'
import {type Reply, replyText} from '../mail/reply.ts'
import type {AttemptEvidence, HostEvidence, SpeechEvidence} from '../policy/evidence.ts'
import type {EffectiveProfile} from '../policy/profile.ts'
import {ClientSession} from '../smtp/client.ts'
import {codeOf, SmtpError} from '../smtp/error.ts'
import {extensionLines} from '../smtp/extensions.ts'
import {identityHash} from '../smtp/secure-context.ts'
import {isDeadline, OVERALL, rethrowAbort} from './deadline.ts'
import {dial} from './dial.ts'
import {failed, handshake} from './handshake.ts'
import type {Observe, PathRequest, PathWorld} from './path.ts'
import {Resumption} from './resumption.ts'

/** One address to look at. */
export interface Target {
  host: HostEvidence
  address: string
  port: number
  implicitTls: boolean
  profile: EffectiveProfile
}

export interface Manner {
  /** Send STARTTLS where it is offered; without effect on implicit TLS. */
  upgrade: boolean
  fallback: boolean
  /** Send STARTTLS also where it is not offered, to learn whether it is only hidden; the session ends with it. */
  insist?: boolean
  /** Keep TLS sessions, and resume one of an earlier handshake; false: keep them only. Absent: neither. */
  resume?: boolean
  /** Called once the connection is closed. */
  closed?: (() => void) | undefined
}

export interface Attempted {
  evidence: AttemptEvidence
  /** Greeted, and in TLS where TLS was made; null where it did not come to that. */
  session: ClientSession | null
  /** Its TLS sessions; null: none is resumed or kept. */
  resumption: Resumption | null
}

type Stage = keyof AttemptEvidence['timings']

/** One look at one address: dial, greet, upgrade. What happens is evidence; only an abort is thrown. */
export async function attempt(
  world: PathWorld,
  request: PathRequest,
  target: Target,
  manner: Manner,
  observe: Observe,
): Promise<Attempted> {
  const {host, address, port} = target
  observe({type: 'dialling', host: host.name, address, port})
  const looking = new Attempt(world, request, target, manner, observe)
  const session = await looking.run()
  const {evidence, resumption} = looking
  return {evidence, session, resumption}
}

/** A reply that ends the attempt. */
class Unwelcome extends Error {
  readonly reply: Reply

  constructor(reply: Reply) {
    super('the peer does not take mail now')
    this.reply = reply
  }
}

class Attempt {
  readonly evidence: AttemptEvidence
  readonly resumption: Resumption | null
  readonly #world: PathWorld
  readonly #request: PathRequest
  readonly #target: Target
  readonly #manner: Manner
  readonly #observe: Observe
  #stage: Stage = 'connect'
  #socket: Socket | null = null
  #session: ClientSession | null = null

  constructor(world: PathWorld, request: PathRequest, target: Target, manner: Manner, observe: Observe) {
    this.#world = world
    this.#request = request
    this.#target = target
    this.#manner = manner
    this.#observe = observe
    this.evidence = blank(world, request, target, manner)
    this.resumption = resumption(world, request, target, manner)
  }

  async run(): Promise<ClientSession | null> {
    try {
      await this.#walk()
    } catch (error) {
      this.#session = null
      this.#socket?.destroy()
      rethrowAbort(this.#request.signal)
      this.#fail(error)
    }
    if (!this.#session) this.#socket?.destroy()
    return this.#session
  }

  async #walk(): Promise<void> {
    const {address, port} = this.#target
    const {closed} = this.#manner
    const socket = await this.#timed('connect', () => dial(this.#world, address, port, this.#limit('connect'), closed))
    this.#socket = socket
    if (this.evidence.mode === 'implicit') return this.#implicit(socket)
    const session = this.#attach(socket, false)
    await this.#greet(session)
    this.evidence.extensions.clear = await this.#hello('ehlo', session)
    if (await this.#startTls(session)) await this.#secure(socket)
  }

  async #implicit(socket: Socket): Promise<void> {
    const session = await this.#shakeHands(socket)
    if (!session) return
    await this.#greet(session)
    this.evidence.extensions.secure = await this.#hello('ehlo', session)
  }

  /** True when the peer expects a handshake now. */
  async #startTls(session: ClientSession): Promise<boolean> {
    const {starttls} = this.evidence
    starttls.advertised = session.extensions.has('STARTTLS')
    if (!starttls.advertised && this.#manner.insist) await this.#insist(session)
    if (!starttls.advertised || !this.#manner.upgrade) return false
    const reply = await this.#timed('starttls', () => session.command('STARTTLS'))
    starttls.accepted = reply.code === 220
    if (!starttls.accepted) {
      starttls.reply = printable(replyText(reply))
      this.#countFailure()
      return false
    }
    return this.#nothingInjected(session)
  }

  /** A firewall may hide the keyword and let the command pass. Whatever comes of it says nothing against the peer. */
  async #insist(session: ClientSession): Promise<void> {
    try {
      const reply = await session.command('STARTTLS')
      this.evidence.starttls.unoffered = printable(replyText(reply))
      // The peer waits for a handshake now, that no mailer would begin.
      if (reply.code === 220) this.#session = null
    } catch {
      this.#session = null
      rethrowAbort(this.#request.signal)
    }
  }

  /** RFC 3207 §5 and CVE-2011-0411: what came in clear after the 220 must not count as spoken inside TLS. */
  async #nothingInjected(session: ClientSession): Promise<boolean> {
    // One turn of the event loop, so that octets which already arrived are seen.
    await new Promise((resolve) => setImmediate(resolve))
    const {discarded} = session.detach()
    this.#session = null
    if (discarded === 0) return true
    this.evidence.starttls.injected = true
    this.#countFailure()
    return false
  }

  async #secure(socket: Socket): Promise<void> {
    const session = await this.#shakeHands(socket)
    // RFC 3207 §4.2: what was announced in clear text is forgotten. A peer that wants a certificate of ours says so
    // only now in TLS 1.3, which is why losing the connection here is a handshake that failed.
    if (session) this.evidence.extensions.secure = await this.#hello('ehloAfterTls', session)
  }

  async #shakeHands(socket: Socket): Promise<ClientSession | null> {
    const target = {...this.#target, host: this.#target.host.name}
    const {resumption} = this
    const made = await this.#timed('handshake', () => handshake(this.#world, this.#request, socket, target, resumption))
    // A handshake that our own deadline cut off says nothing of the peer; one that it let time out does.
    if (!made.stream) this.#request.signal?.throwIfAborted()
    rethrowAbort(this.#request.signal)
    this.evidence.handshake = made.evidence
    if (!made.stream) {
      this.#countFailure()
      return null
    }
    resumption?.completed(made.full, made.evidence)
    const {version, cipher} = made.evidence
    this.#observe({type: 'upgraded', host: target.host, address: this.#target.address, version, cipher})
    return this.#attach(made.stream, true)
  }

  async #greet(session: ClientSession): Promise<void> {
    const reply = await this.#timed('greeting', () => session.greeting())
    const banner = printable(replyText(reply))
    this.evidence.banner = banner
    if (!session.secure) this.evidence.speech = spoken(reply, session)
    if (reply.code !== 220) throw new Unwelcome(reply)
    this.#observe({type: 'greeted', host: this.#target.host.name, address: this.#target.address, banner})
  }

  async #hello(stage: 'ehlo' | 'ehloAfterTls', session: ClientSession): Promise<string[]> {
    const reply = await this.#timed(stage, () => session.hello(this.#world.helloName))
    if (this.evidence.speech && !session.secure) Object.assign(this.evidence.speech, helloSpoken(reply, session))
    if (reply.code !== 250) throw new Unwelcome(reply)
    return extensionLines(session.extensions).map((line) => printable(line))
  }

  #attach(stream: Duplex, secure: boolean): ClientSession {
    const {signal} = this.#request
    const timeouts = this.#world.timeouts
    this.#session = new ClientSession(stream, {timeouts, secure, signal, underlying: this.#socket!})
    return this.#session
  }

  #fail(error: unknown): void {
    if (!(error instanceof Unwelcome) && !isDeadline(error) && this.#isTlsFailure(error)) {
      this.evidence.handshake = failed(causeOf(error) ?? error)
      this.#countFailure()
      return
    }
    const stage = this.#stage === 'connect' || this.#stage === 'greeting' ? this.#stage : 'ehlo'
    if (isDeadline(error)) this.evidence.handshake = null
    const reply = error instanceof Unwelcome ? printable(replyText(error.reply)) : null
    this.evidence.reach = {status: 'unreachable', stage, reason: reasonOf(error), reply}
  }

  /** The connection broke over TLS: at STARTTLS, in the handshake, or at the first word inside it. */
  #isTlsFailure(error: unknown): boolean {
    if (this.#stage === 'starttls' || this.#stage === 'handshake' || this.#stage === 'ehloAfterTls') return true
    return this.evidence.mode === 'implicit' && /^ERR_SSL/.test(codeOf(causeOf(error)) ?? '')
  }

  #countFailure(): void {
    this.evidence.failedAttempts = (this.#request.failedBefore?.(this.#target.address) ?? 0) + 1
  }

  #limit(step: 'connect') {
    return {ms: this.#world.timeouts[step], signal: this.#request.signal}
  }

  async #timed<T>(stage: Stage, step: () => Promise<T>): Promise<T> {
    this.#stage = stage
    const start = performance.now()
    try {
      return await step()
    } finally {
      this.evidence.timings[stage] = Math.round(performance.now() - start)
    }
  }
}

function resumption(
  {clientIdentity}: PathWorld,
  {tickets}: PathRequest,
  target: Target,
  {resume}: Manner,
): Resumption | null {
  if (!tickets || resume === undefined) return null
  const {host, address, port, implicitTls, profile} = target
  const mode = implicitTls ? 'implicit' : 'starttls'
  // The peer would go on with the certificate that it was shown at first.
  const scope = clientIdentity ? `${tickets.scope} ${identityHash(clientIdentity)}` : tickets.scope
  return new Resumption(tickets.shelf, {scope, host: host.name, address, port, mode, profile}, resume)
}

function blank(world: PathWorld, request: PathRequest, target: Target, manner: Manner): AttemptEvidence {
  const {host, address, port, implicitTls} = target
  return {
    host: host.name,
    preference: host.preference,
    address,
    port,
    mode: implicitTls ? 'implicit' : 'starttls',
    startedAt: new Date(world.now()).toISOString(),
    reach: {status: 'reached'},
    banner: null,
    extensions: {clear: [], secure: null},
    starttls: {advertised: null, accepted: null, reply: null, injected: false},
    handshake: null,
    failedAttempts: 0,
    fallback: manner.fallback,
    ...(request.requireTls === undefined ? {} : {requireTls: request.requireTls}),
    timings: {},
  }
}

function spoken(greeting: Reply, {bareLineFeeds}: ClientSession): SpeechEvidence {
  return {greetingLines: greeting.lines.length, helloLines: [], helloOctets: 0, helo: false, bareLineFeeds}
}

function helloSpoken({lines}: Reply, {helo, bareLineFeeds}: ClientSession): Partial<SpeechEvidence> {
  // Code and separator before each line, CRLF behind it.
  const helloOctets = lines.reduce((sum, line) => sum + Buffer.byteLength(line) + 6, 0)
  return {helloLines: lines.slice(1).map((line) => printable(line)), helloOctets, helo, bareLineFeeds}
}

function causeOf(error: unknown): unknown {
  return error instanceof SmtpError ? error.cause : null
}

function reasonOf(error: unknown): string {
  if (isDeadline(error)) return OVERALL
  return printable(error instanceof Error ? plainWords(error.message) : String(error))
}

const SYSTEM_WORDS: Record<string, string> = {
  ECONNREFUSED: 'the connection was refused',
  ECONNRESET: 'the peer reset the connection',
  ETIMEDOUT: 'nothing answered the connection',
  EHOSTUNREACH: 'there is no way to that host',
  ENETUNREACH: 'there is no way to that network',
  EPIPE: 'the peer closed the connection',
  EACCES: 'this machine forbids the connection',
  EPERM: 'this machine forbids the connection',
}

/** What the system says in its own shorthand, `connect ECONNREFUSED 192.0.2.25:25`; the code stays, to be looked up. */
function plainWords(message: string): string {
  const code = /^(?:connect|read|write) (E[A-Z]+)(?: \S+)?(?: - Local .*)?$/.exec(message)?.[1] ?? ''
  return SYSTEM_WORDS[code] ? `${SYSTEM_WORDS[code]} (${code})` : message
}
