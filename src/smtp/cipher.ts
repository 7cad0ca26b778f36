// What OpenSSL offers without weak or anonymous ciphers, forward secrecy first. TLS 1.3 suites have their full names.
const BASE =
  'TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256:' +
  'ECDHE+AESGCM:ECDHE+CHACHA20:DHE+AESGCM:HIGH:!aNULL:!eNULL:!EXPORT:!DES:!3DES:!RC4:!MD5:!PSK:!SRP:!CAMELLIA:!ARIA'
const STRONG =
  'TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:' +
  'ECDHE+AES256:ECDHE+CHACHA20:DHE+AES256:AES256:!aNULL:!eNULL:!AES128:!PSK:!SRP:!CAMELLIA:!ARIA'

/** OpenSSL's cipher list for a minimum strength in bits; null when no cipher is that strong. */
export function cipherList(minStrength: number): string | null {
  if (minStrength > 256) return null
  return minStrength > 128 ? STRONG : BASE
}

/** Bits of the symmetric key, by the suite's IANA name. 0 for what we do not know: fails every minimum. */
export function cipherBits(name: string): number {
  if (/AES_256|CHACHA20|CAMELLIA_256|ARIA_256/.test(name)) return 256
  if (/AES_128|CAMELLIA_128|ARIA_128|SEED|IDEA|RC4_128/.test(name)) return 128
  return /3DES/.test(name) ? 112 : 0
}
