import type {DnsRecord} from './packet.ts'
import type {TlsaRecord} from './resolver.ts'

/** RDATA of a TLSA record (RFC 6698 §2.1). dns2 knows no such type and hands over the octets as they are. */
export function decodeTlsa({data}: Pick<DnsRecord, 'data'>): TlsaRecord[] {
  if (!Buffer.isBuffer(data) || data.length < 4) return []
  const [usage, selector, matchingType] = data as unknown as [number, number, number]
  return [{usage, selector, matchingType, data: data.toString('hex', 3)}]
}
