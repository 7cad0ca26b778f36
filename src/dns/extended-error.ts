import type {Packet} from 'dns2'
import {printable} from '../mail/domain.ts'

/** What dns2 makes of an EDE option (RFC 8914 §2); its types leave it out. */
interface ExtendedError {
  ednsCode: number
  infoCode: number
  extraText: string
}

/** RFC 8914 §2: the code of the option. */
const EDE = 15
/** Each is a sentence of its own in a message; a server that sends more has nothing to say. */
const MOST = 3
const LONGEST_TEXT = 120

/** Why a server could not answer, in its own words, as `DNSSEC Bogus (EDE 6): made up`. Nobody signs it: it is told, and decides nothing. */
export function extendedErrors({additionals}: Packet): string[] {
  return additionals.flatMap(optionsOf).filter(isExtendedError).slice(0, MOST).map(words)
}

function optionsOf(record: object): unknown[] {
  return 'rdata' in record && Array.isArray(record.rdata) ? record.rdata : []
}

function isExtendedError(option: unknown): option is ExtendedError {
  return typeof option === 'object' && option !== null && 'ednsCode' in option && option.ednsCode === EDE
}

function words({infoCode, extraText}: ExtendedError): string {
  const name = NAMES[infoCode]
  const code = name === undefined ? `EDE ${infoCode}` : `${name} (EDE ${infoCode})`
  return extraText === '' ? code : `${code}: ${printable(extraText, LONGEST_TEXT)}`
}

/** The names of the registry that RFC 8914 §5.2 made, from 0. */
const NAMES = [
  ...['Other Error', 'Unsupported DNSKEY Algorithm', 'Unsupported DS Digest Type', 'Stale Answer', 'Forged Answer'],
  ...['DNSSEC Indeterminate', 'DNSSEC Bogus', 'Signature Expired', 'Signature Not Yet Valid', 'DNSKEY Missing'],
  ...['RRSIGs Missing', 'No Zone Key Bit Set', 'NSEC Missing', 'Cached Error', 'Not Ready', 'Blocked', 'Censored'],
  ...['Filtered', 'Prohibited', 'Stale NXDOMAIN Answer', 'Not Authoritative', 'Not Supported'],
  ...['No Reachable Authority', 'Network Error', 'Invalid Data', 'Signature Expired before Valid', 'Too Early'],
  ...['Unsupported NSEC3 Iterations Value', 'Unable to conform to policy', 'Synthesized'],
]
