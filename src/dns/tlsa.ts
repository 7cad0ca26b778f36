import {type DnsRecord, TYPE} from './packet.ts'
import type {TlsaRecord} from './resolver.ts'

/** RDATA of a TLSA record (RFC 6698 §2.1). dns2 knows no such type and hands over, and sends, the octets as they are. */
export function decodeTlsa({data}: Pick<DnsRecord, 'data'>): TlsaRecord[] {
  if (!Buffer.isBuffer(data) || data.length < 4) return []
  const [usage, selector, matchingType] = data as unknown as [number, number, number]
  return [{usage, selector, matchingType, data: data.toString('hex', 3)}]
}

/** The record as dns2's server takes it for an answer. */
export function tlsaResource(name: string, ttl: number, record: TlsaRecord) {
  const data = Buffer.from([record.usage, record.selector, record.matchingType, ...Buffer.from(record.data, 'hex')])
  return {name, ttl, type: TYPE.TLSA, class: 1, data}
}
