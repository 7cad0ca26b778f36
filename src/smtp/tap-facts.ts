/** What a handshake said on the wire, in the order it said it; null where it never came to that. */
export interface HandshakeFacts {
  /** As negotiated: `TLSv1.2`, `TLSv1.3`, or an older one that our side then refused. */
  version: string | null
  /** IANA number of the cipher suite. */
  cipherSuite: number | null
  /** `X25519MLKEM768`, `X25519`, `prime256v1`, `dh-2048` …; null for RSA key exchange. */
  group: string | null
  /** The peer asked for another ClientHello first (HelloRetryRequest). */
  retried: boolean
  /** Signature of the handshake, as RFC 8446 §4.2.3 names it: `ecdsa_secp256r1_sha256`. */
  signatureAlgorithm: string | null
  alpn: string | null
  /** The chain as presented, DER, in order. Null: no Certificate message was seen; empty: it had none. */
  certificates: Buffer[] | null
  /** OCSP response stapled to the leaf, DER. */
  ocsp: Buffer | null
  /** The peer sent SCTs in a TLS extension (RFC 6962 §3.3). */
  hasScts: boolean
  /** The peer asked for a client certificate; the CAs it accepts by name (RFC 4514), none: any. */
  certificateRequest: {authorities: string[]} | null
  /** NewSessionTickets that were seen. */
  tickets: number
  alerts: Alert[]
  /** First octets of what came in answer to the ClientHello when that was not TLS. */
  nonTls: Buffer | null
  /** Why the record is not whole: it grew too long, or could not be read. */
  gap: string | null
}

export interface Alert {
  /** `peer`: the other side sent it. */
  from: 'peer' | 'us'
  level: 'warning' | 'fatal'
  number: number
  /** `handshake_failure` … */
  name: string
}

/** A handshake of which nothing was seen. */
export function noFacts(): HandshakeFacts {
  return {
    version: null,
    cipherSuite: null,
    group: null,
    retried: false,
    signatureAlgorithm: null,
    alpn: null,
    certificates: null,
    ocsp: null,
    hasScts: false,
    certificateRequest: null,
    tickets: 0,
    alerts: [],
    nonTls: null,
    gap: null,
  }
}
