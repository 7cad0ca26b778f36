/** What we say of a certificate everywhere: in `ca show`, in evidence, in a report. Plain JSON. */
export interface CertificateFacts {
  /** RFC 4514 style, most specific first: `CN=mx1.example.mil,O=Example`. */
  subject: string
  issuer: string
  /** SHA-256 of the DER, lower-case hex without colons. */
  sha256: string
  /** Lower-case hex. */
  serial: string
  /** ISO 8601. */
  notBefore: string
  notAfter: string
  /** dNSName entries of subjectAltName, as written in the certificate. */
  dnsNames: string[]
  /** iPAddress entries of subjectAltName. */
  ipAddresses: string[]
  /** `rsa-2048`, `ec-256`, `ed25519` … */
  key: string
  /** SHA-256 of the SubjectPublicKeyInfo, lower-case hex; absent where the key is not understood. */
  publicKey?: string
  /** basicConstraints cA. */
  isCa: boolean
  /** Subject equals issuer and its own key made the signature. */
  selfSigned: boolean
  /** subjectKeyIdentifier and authorityKeyIdentifier, lower-case hex. */
  keyId: string | null
  authorityKeyId: string | null
  /** caIssuers addresses of Authority Information Access (RFC 5280 §4.2.2.1). Shown, never fetched silently. */
  aia: string[]
}

/** Trust anchors of one profile: exactly what the handshake verifies against. */
export interface TrustAnchors {
  /** Names this set: SHA-256 over the sorted fingerprints. Two profiles with equal anchors have equal ids. */
  id: string
  /** PEM, roots and intermediates. */
  certificates: string[]
  /** Fingerprints one of which must be in the chain as built (the profile's `ca` beside the system's); null: no such check. */
  issuers: string[] | null
}

/** What the handshake said of the chain, OpenSSL's words. */
export interface Verification {
  trusted: boolean
  /** Node's name of the X509_V_ERR: `UNABLE_TO_GET_ISSUER_CERT_LOCALLY`, `CERT_HAS_EXPIRED` …; null when trusted. */
  error: string | null
  /** `handshake`: OpenSSL said so. `explanation`: our reading, for a rehearsal under anchors that the handshake did not use. */
  by: 'handshake' | 'explanation'
}

/** An issuer that nobody supplied. */
export interface MissingIssuer {
  /** Distinguished name of the missing certificate. */
  issuer: string
  /** Its key identifier where the child names it. */
  keyId: string | null
  aia: string[]
  /** `peer`: the server must send it (an intermediate). `local`: our trust store lacks it (a root). `unknown`: cannot be told apart. */
  fault: 'peer' | 'local' | 'unknown'
}

export interface ChainExplanation {
  /** One sentence that an administrator can act on. */
  summary: string
  missing: MissingIssuer[]
  /** Subject of the trust anchor that the chain ends at; null when it ends nowhere. */
  anchor: string | null
}
