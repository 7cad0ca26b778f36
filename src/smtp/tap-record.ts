/** Content types of a record (RFC 8446 §5.1). */
export const Content = {changeCipherSpec: 20, alert: 21, handshake: 22, applicationData: 23} as const

export interface TlsRecord {
  type: number
  /** The five octets in front, which TLS 1.3 authenticates with the content (RFC 8446 §5.2). */
  header: Buffer
  fragment: Buffer
}

/** 2^14 of content, and 2048 that TLS 1.2 allows a cipher to add (RFC 5246 §6.2.3). */
const MOST = 16_384 + 2_048

/** The whole records that the octets begin with. Ends at the first octet that cannot be part of one. */
export function* records(bytes: Buffer): Generator<TlsRecord> {
  let at = 0
  while (at + 5 <= bytes.length && isRecord(bytes.subarray(at))) {
    const end = at + 5 + bytes.readUInt16BE(at + 3)
    if (end > bytes.length) return
    yield {type: bytes[at]!, header: bytes.subarray(at, at + 5), fragment: bytes.subarray(at + 5, end)}
    at = end
  }
}

/** Whether these octets can be the start of a record: a type of TLS, major version 3, a length in bounds. */
export function isRecord(bytes: Buffer): boolean {
  const [type = 0, major] = bytes
  if (type < Content.changeCipherSpec || type > Content.applicationData) return false
  if (bytes.length > 1 && major !== 3) return false
  return bytes.length < 5 || bytes.readUInt16BE(3) <= MOST
}
