import {endpoint} from '../mail/address.ts'
import type {AttemptEvidence} from '../policy/evidence.ts'

/**
 * The words of the command line that looks at the same address by hand. SNI is sent as we send it: not for address
 * literals (RFC 6066 §3).
 */
export function opensslWords(target: Pick<AttemptEvidence, 'host' | 'address' | 'port' | 'mode'>): string[] {
  const {host, mode} = target
  const words = [
    ...['openssl', 's_client', ...(mode === 'starttls' ? ['-starttls', 'smtp'] : []), '-connect', endpoint(target)],
    ...(host.startsWith('[') ? ['-noservername'] : ['-servername', host]),
    '-showcerts',
  ]
  return words.map(shellWord)
}

/** A word as a shell takes it for itself. */
export function shellWord(word: string): string {
  return /^[A-Za-z0-9_.:@=,+/-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`
}
