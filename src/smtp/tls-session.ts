import {groupName} from './tap-names.ts'

/** Context tag 19 of OpenSSL's SSL_SESSION (ssl/ssl_asn1.c): the group of the key exchange. */
const KEX_GROUP = 0xb3

/**
 * The group of the key exchange, read from the serialised session. Node tells it to clients alone
 * (`getEphemeralKeyInfo`). null where the session does not say, as with RSA key exchange.
 */
export function sessionGroup(session: Buffer | undefined): string | null {
  if (session?.[0] !== 0x30) return null
  let {start: at, end} = valueAt(session, 0)
  while (at < end) {
    const value = valueAt(session, at)
    // [19] EXPLICIT INTEGER
    if (session[at] === KEX_GROUP) {
      const number = valueAt(session, value.start)
      return groupName(Number.parseInt(session.toString('hex', number.start, number.end), 16))
    }
    at = value.end
  }
  return null
}

/** Where the value of the DER element at `at` lies. A length that runs out of the buffer ends with it. */
function valueAt(der: Buffer, at: number): {start: number; end: number} {
  const first = der[at + 1] ?? 0
  const octets = first < 0x80 ? 0 : Math.min(first & 0x7f, 4)
  const length = octets === 0 ? first : Number.parseInt(der.toString('hex', at + 2, at + 2 + octets) || '0', 16)
  const start = at + 2 + octets
  return {start, end: Math.min(start + length, der.length)}
}
