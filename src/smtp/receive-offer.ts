import type {ClientFacts, ReceiverOptions} from './receiver.ts'
import {mechanismsFor} from './sasl/mechanisms.ts'

/** Whether STARTTLS is there for this listener and client at all. */
export function offersTls({mode, secureContext, insteadOfTls, hideExtensions}: ReceiverOptions): boolean {
  return mode === 'starttls' && Boolean(secureContext ?? insteadOfTls) && !hideExtensions?.includes('STARTTLS')
}

/** The lines of the EHLO reply after the first: keyword and parameters. */
export function extensionLines(options: ReceiverOptions, {tls}: ClientFacts): string[] {
  const all = ['PIPELINING', `SIZE ${options.limits.messageSize}`, '8BITMIME', 'SMTPUTF8', 'DSN', 'ENHANCEDSTATUSCODES']
  all.push('CHUNKING')
  if (offersTls(options) && !tls) all.push('STARTTLS')
  // RFC 8689 §2: only inside TLS.
  if (tls) all.push('REQUIRETLS')
  if (options.auth && tls) all.push(`AUTH ${mechanismsFor(tls.version).join(' ')}`)
  return all.filter((line) => !options.hideExtensions?.includes(keyword(line)))
}

/** Extensions whose parameters this client may use: none after HELO (RFC 5321 §4.1.1.11). */
export function offered(options: ReceiverOptions, client: ClientFacts): ReadonlySet<string> {
  return new Set(client.protocol === 'SMTP' ? [] : extensionLines(options, client).map(keyword))
}

function keyword(line: string): string {
  return line.split(' ')[0]!
}
