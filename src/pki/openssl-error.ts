// Node's names of the X509_V_ERR codes that a handshake can end with, in plain words.
const SENTENCES: Record<string, string> = {
  UNABLE_TO_GET_ISSUER_CERT: 'the issuer of a trusted certificate is not there',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'an issuer is missing',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'the issuer of the leaf is missing',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'the certificate is self-signed and not trusted',
  SELF_SIGNED_CERT_IN_CHAIN: 'the chain ends at a root that is not trusted',
  CERT_HAS_EXPIRED: 'a certificate has expired',
  CERT_NOT_YET_VALID: 'a certificate is not valid yet',
  CERT_SIGNATURE_FAILURE: 'a signature does not fit the key of the issuer',
  UNABLE_TO_DECRYPT_CERT_SIGNATURE: 'a signature cannot be read',
  UNABLE_TO_DECODE_ISSUER_PUBLIC_KEY: "an issuer's public key cannot be read",
  ERROR_IN_CERT_NOT_BEFORE_FIELD: 'the notBefore date is malformed',
  ERROR_IN_CERT_NOT_AFTER_FIELD: 'the notAfter date is malformed',
  CERT_CHAIN_TOO_LONG: 'the chain is too long',
  CERT_REVOKED: 'a certificate is revoked',
  UNABLE_TO_GET_CRL: 'there is no revocation list of an issuer',
  CRL_HAS_EXPIRED: 'a revocation list has expired',
  CRL_NOT_YET_VALID: 'a revocation list is not valid yet',
  CRL_SIGNATURE_FAILURE: 'a revocation list is wrongly signed',
  INVALID_CA: 'an issuer is not a CA',
  PATH_LENGTH_EXCEEDED: 'there are more intermediates than a CA allows below itself',
  INVALID_PURPOSE: 'a certificate is not made for this side of TLS',
  CERT_UNTRUSTED: 'the root is not trusted for this purpose',
  CERT_REJECTED: 'the root is marked as rejected',
  HOSTNAME_MISMATCH: 'the certificate is for another name',
  OUT_OF_MEM: 'memory ran out',
  UNSPECIFIED: 'OpenSSL rejects the chain for a reason that Node does not name',
}

/** One plain clause for Node's name of an OpenSSL verification error. */
export function opensslError(code: string): string {
  return SENTENCES[code] ?? `OpenSSL says ${code}`
}
