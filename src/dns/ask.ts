import {endpoint} from '../mail/address.ts'
import {exchange} from './exchange.ts'
import {type Question, RCODE, type Response} from './packet.ts'
import type {DnsServer} from './servers.ts'

export interface AskOptions {
  servers: readonly DnsServer[]
  /** Milliseconds for each try. */
  timeout: number
  trusted: boolean
  signal?: AbortSignal | undefined
}

export type Asked =
  | {status: 'answered'; response: Response}
  | {status: 'failed'; reason: string}
  | {status: 'bogus'; reason: string}

/** Servers that are asked, of all there may be, and how often each. */
const MOST_SERVERS = 3
const ROUNDS = 2

/**
 * One question to the servers in turn, twice round, until one has an answer. A server that refuses is not asked again; one
 * that is silent is. SERVFAIL of a trusted resolver is looked at again without validation: if the answer is there
 * then, it was validation that failed (RFC 4035 §5.5).
 */
export async function ask(question: Question, options: AskOptions): Promise<Asked> {
  if (options.servers.length === 0) return {status: 'failed', reason: 'no DNS server is known'}
  const reasons = new Map<string, string>()
  let left = options.servers.slice(0, MOST_SERVERS)
  for (let round = 0; round < ROUNDS; round++) {
    const silent: DnsServer[] = []
    for (const server of left) {
      const tried = await tryServer(server, question, options)
      if (tried.status !== 'failed') return tried
      reasons.set(endpoint(server), tried.reason)
      if (tried.silent) silent.push(server)
    }
    left = silent
  }
  return {status: 'failed', reason: [...reasons].map(([name, reason]) => `${name}: ${reason}`).join('; ')}
}

type Tried = Exclude<Asked, {status: 'failed'}> | {status: 'failed'; reason: string; silent: boolean}

async function tryServer(server: DnsServer, question: Question, options: AskOptions): Promise<Tried> {
  try {
    const response = await withEdnsFallback(server, question, options, false)
    if (isAnswer(response)) return {status: 'answered', response}
    if (response.rcode !== RCODE.serverFailure || !options.trusted) return refused(response)
    const unchecked = await withEdnsFallback(server, question, options, true)
    if (!isAnswer(unchecked)) return refused(response)
    return {
      status: 'bogus',
      reason: because(`the answer for ${question.name} ${question.type} fails DNSSEC validation`, response),
    }
  } catch (error) {
    options.signal?.throwIfAborted()
    return {status: 'failed', reason: error instanceof Error ? error.message : String(error), silent: true}
  }
}

/** Old servers answer FORMERR or NOTIMP to EDNS: RFC 6891 §7 has the query sent again without. */
async function withEdnsFallback(
  server: DnsServer,
  question: Question,
  {timeout, signal}: AskOptions,
  unchecked: boolean,
): Promise<Response> {
  const limit = {ms: timeout, signal}
  const response = await exchange(server, question, {edns: true, unchecked, limit})
  const misunderstood = response.rcode === RCODE.formatError || response.rcode === RCODE.notImplemented
  return misunderstood ? exchange(server, question, {edns: false, unchecked, limit}) : response
}

function isAnswer({rcode}: Response): boolean {
  return rcode === RCODE.ok || rcode === RCODE.nxdomain
}

const NAMES: Record<number, string> = {1: 'FORMERR', 2: 'SERVFAIL', 4: 'NOTIMP', 5: 'REFUSED'}

function refused(response: Response): Tried {
  const {rcode} = response
  return {status: 'failed', reason: because(NAMES[rcode] ?? `rcode ${rcode}`, response), silent: false}
}

function because(what: string, {extendedErrors}: Response): string {
  return extendedErrors.length > 0 ? `${what}: ${extendedErrors.join(', ')}` : what
}
