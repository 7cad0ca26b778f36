/**
 * What the product asks of DNS, and the answers it can get. An answer that could not be had is a value here, because
 * "does not exist" and "could not look" lead to different fates (docs/outcomes.md): NXDOMAIN bounces, SERVFAIL defers.
 * A signal that aborts ends the question at once; the promise then rejects with its reason.
 */
export interface Resolver {
  mx(name: string, signal?: AbortSignal): Promise<DnsAnswer<MxRecord>>
  /** A and AAAA together, A first; CNAMEs followed. `failed` only when neither could be had. */
  addresses(name: string, signal?: AbortSignal): Promise<DnsAnswer<string>>
  /** Each record's character-strings joined (RFC 8461 §3.1, RFC 7208 §3.3). */
  txt(name: string, signal?: AbortSignal): Promise<DnsAnswer<string>>
  tlsa(name: string, signal?: AbortSignal): Promise<DnsAnswer<TlsaRecord>>
  /** Drops what is cached, so that the next questions are asked afresh. */
  forget(): void
}

export type DnsAnswer<T> =
  | {
      /** `secure` only when the resolver is declared trusted and the answer had the AD bit (RFC 4035 §3.2.3). */
      status: 'secure' | 'insecure'
      existence: 'records' | 'nodata' | 'nxdomain'
      records: T[]
      /** The owner name of the records, CNAMEs followed; equal to the question where there was none. */
      canonicalName: string
      /** Seconds. */
      ttl: number
    }
  | {status: 'bogus'; reason: string}
  | {status: 'failed'; reason: string}

export interface MxRecord {
  preference: number
  /** A-labels, lower case, no trailing dot; '' is the null MX (RFC 7505). */
  exchange: string
}

export interface TlsaRecord {
  usage: number
  selector: number
  matchingType: number
  /** Lower-case hex. */
  data: string
}
