import type {X509Certificate} from 'node:crypto'
import {request} from 'node:http'
import {isIP} from 'node:net'
import {printable} from '../mail/domain.ts'
import {within} from '../mail/limit.ts'
import type {PathWorld} from '../path/path.ts'
import {readContainer} from '../pki/containers.ts'
import {addressRange} from '../policy/remarks/address-range.ts'

/** What came of fetching the issuer of a certificate from where the certificate says that it is (RFC 5280 §4.2.2.1). */
export interface Fetched {
  url: string
  certificates: X509Certificate[]
  /** Why there is none. */
  error: string | null
}

/** Milliseconds for all of it. */
const TIME = 5_000
/** A bundle of certificates is far smaller. */
const MOST_OCTETS = 64 * 1024
const MOST_CERTIFICATES = 20

/**
 * Fetches over HTTP, once, without following anybody anywhere else. The address in a certificate is the peer's own
 * word: it leads to the Internet, or where the peer itself is (`peer`), and never into a network that only we can reach.
 * What was fetched proves nothing by itself. Never throws but for the signal's reason.
 */
export async function fetchIssuer(world: PathWorld, url: string, peer: string, signal: AbortSignal): Promise<Fetched> {
  try {
    const bytes = await within({ms: TIME, signal}, (step) => get(world, url, peer, step))
    const {certificates} = await readContainer(printable(url), bytes)
    return {url, certificates: certificates.slice(0, MOST_CERTIFICATES), error: null}
  } catch (error) {
    signal.throwIfAborted()
    return {url, certificates: [], error: printable(error instanceof Error ? error.message : String(error))}
  }
}

async function get(world: PathWorld, text: string, peer: string, signal: AbortSignal): Promise<Buffer> {
  const url = URL.parse(text)
  if (url?.protocol !== 'http:' || url.username !== '') throw new Error('not an address of http')
  const address = await addressOf(world, url.hostname.replace(/^\[|\]$/g, ''), signal)
  if (addressRange(address).kind !== 'public' && addressRange(address).kind !== addressRange(peer).kind) {
    throw new Error(`${address} is no address of the Internet`)
  }
  return new Promise((resolve, reject) => {
    const asking = request(url, {
      createConnection: () => world.dial(address, Number(url.port || 80)),
      headers: {'User-Agent': 'postern', Connection: 'close'},
      signal,
    })
    asking.on('error', reject)
    asking.on('response', (response) => {
      if (response.statusCode !== 200) return void asking.destroy(new Error(`HTTP ${response.statusCode}`))
      const chunks: Buffer[] = []
      let octets = 0
      response.on('data', (chunk: Buffer) => {
        octets += chunk.length
        chunks.push(chunk)
        if (octets > MOST_OCTETS) asking.destroy(new Error(`more than ${MOST_OCTETS} octets`))
      })
      response.on('error', reject)
      response.on('end', () => resolve(Buffer.concat(chunks)))
    })
    asking.end()
  })
}

async function addressOf({resolver}: PathWorld, host: string, signal: AbortSignal): Promise<string> {
  if (isIP(host)) return host
  const answer = await resolver.addresses(host, signal)
  const address = 'records' in answer ? answer.records[0] : undefined
  if (address === undefined) throw new Error(`${printable(host)} has no address`)
  return address
}
