import type {HelloVersion} from './client-hello.ts'
import type {SuiteRank} from './suites.ts'

/**
 * What a peer can do, found out by asking: each ClientHello leaves away what it chose before. A handshake shows only
 * what two sides like best; a client with less to offer gets the rest.
 */
export interface Capabilities {
  /** null: it could not be found out. */
  versions: {version: HelloVersion; taken: boolean | null}[]
  /** `unseen`: the ranks of which the peer may take more, because there were no connections left to ask. */
  ciphers: {version: HelloVersion; names: string[]; unseen: SuiteRank[]}[]
  /** Of TLS 1.3, and those that older versions showed. */
  groups: {names: string[]; complete: boolean}
  compression: boolean | null
  secureRenegotiation: boolean | null
  /** The leaf that is shown with SNI and without: the same, another one, or none; null: not found out. */
  withoutSni: 'same' | 'other' | 'refused' | null
  /** What came of offering `smtp` in TLS 1.2 (RFC 7301); `protocol` where one was chosen. null: not found out. */
  alpn: {answer: 'chosen' | 'ignored' | 'refused'; protocol: string | null} | null
  /** SCTs came in the extension of TLS 1.2 that asks for them (RFC 6962 §3.3.1); null: not found out. */
  scts: boolean | null
}
