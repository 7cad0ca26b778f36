/** The presentation language of TLS (RFC 8446 §3), as far as it is written here; `tap-bytes.ts` reads it. */

/** Big-endian, as everything there. */
export function uint16(number: number): Buffer {
  return Buffer.of(number >> 8, number & 0xff)
}

function uint24(number: number): Buffer {
  return Buffer.of(number >> 16, (number >> 8) & 0xff, number & 0xff)
}

/** A vector whose length stands in front of it in 1, 2 or 3 octets. */
export function vector(octets: 1 | 2 | 3, content: Buffer): Buffer {
  const length =
    octets === 1 ? Buffer.of(content.length) : octets === 2 ? uint16(content.length) : uint24(content.length)
  return Buffer.concat([length, content])
}

/** `Extension` (RFC 8446 §4.2). */
export function extension(type: number, content: Buffer): Buffer {
  return Buffer.concat([uint16(type), vector(2, content)])
}

/** `Handshake` (RFC 8446 §4). */
export function handshakeMessage(type: number, body: Buffer): Buffer {
  return Buffer.concat([Buffer.of(type), vector(3, body)])
}
