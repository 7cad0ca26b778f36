/** Bits of the symmetric cipher behind an IANA or OpenSSL cipher name; 0 where the name tells nothing. */
export function cipherBits(name: string): number {
  if (/(AES|ARIA|CAMELLIA)_?-?256|CHACHA20/i.test(name)) return 256
  if (/(AES|ARIA|CAMELLIA)_?-?128|SEED|IDEA|RC4/i.test(name)) return 128
  // Three keys of 56 bits, but a meet-in-the-middle attack leaves 112 (NIST SP 800-57 part 1, §5.6.1).
  if (/3DES/i.test(name)) return 112
  return 0
}
