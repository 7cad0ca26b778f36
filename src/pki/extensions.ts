import ipaddr from 'ipaddr.js'
import {attempt} from './attempt.ts'
import {children, type Element, oidText, readElement, Tag} from './der.ts'
import {escapeAltName, formatName, type NameAttribute, readName} from './name.ts'
import {type NameConstraints, readNameConstraints} from './name-constraints.ts'

/** The parts of a certificate that Node's own reading leaves out or shows ambiguously. */
export interface CertificateBody {
  /** 1 or 3 in practice. */
  version: number
  subject: NameAttribute[][]
  issuer: NameAttribute[][]
  subjectText: string
  issuerText: string
  dnsNames: string[]
  ipAddresses: string[]
  /** Lower-case hex, or null where the extension is absent. */
  keyId: string | null
  authorityKeyId: string | null
  aia: string[]
  /** Dotted OIDs of extendedKeyUsage; null: the extension is absent, every purpose goes. */
  purposes: string[] | null
  /** Dotted OIDs of certificatePolicies. */
  policies: string[]
  /** basicConstraints pathLenConstraint. */
  pathLength: number | null
  hasNameConstraints: boolean
  /** null: absent, or not to be read. */
  nameConstraints: NameConstraints | null
  /** Signed certificate timestamps lie in the certificate (RFC 6962 §3.3). */
  hasScts: boolean
  /** Bits of keyUsage's first octet; null: the extension is absent, every use goes. */
  keyUsage: number | null
  /** Dotted OIDs of critical extensions that a verifier may not pass over. */
  critical: string[]
}

type Constraints = Pick<
  CertificateBody,
  | 'purposes'
  | 'policies'
  | 'pathLength'
  | 'hasNameConstraints'
  | 'nameConstraints'
  | 'hasScts'
  | 'keyUsage'
  | 'critical'
>

const Oid = {
  subjectKeyIdentifier: '2.5.29.14',
  keyUsage: '2.5.29.15',
  subjectAltName: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  nameConstraints: '2.5.29.30',
  certificatePolicies: '2.5.29.32',
  authorityKeyIdentifier: '2.5.29.35',
  extendedKeyUsage: '2.5.29.37',
  authorityInfoAccess: '1.3.6.1.5.5.7.1.1',
  caIssuers: '1.3.6.1.5.5.7.48.2',
  timestamps: '1.3.6.1.4.1.11129.2.4.2',
} as const

/** Reads the DER of a certificate that OpenSSL has accepted already. A malformed extension counts as absent. */
export function readCertificateBody(certificate: Buffer): CertificateBody {
  const [tbs] = children(readElement(certificate))
  if (!tbs) throw new Error('no tbsCertificate')
  const fields = children(tbs)
  // RFC 5280 §4.1: the version is absent in v1, everything after it keeps its order.
  const first = fields[0]?.tag === 0xa0 ? 1 : 0
  const [, , issuer, , subject] = fields.slice(first)
  const names = {issuer: nameIn(issuer), subject: nameIn(subject)}
  const extensions = attempt(() => readExtensions(fields.find((field) => field.tag === 0xa3)), new Map())
  return {
    version: 1 + (first === 1 ? (fields[0]!.content.at(-1) ?? 0) : 0),
    ...names,
    subjectText: formatName(names.subject),
    issuerText: formatName(names.issuer),
    ...readAlternativeNames(extensions),
    ...readConstraints(extensions),
    keyId: read(extensions, Oid.subjectKeyIdentifier, (e) => e.content.toString('hex'), null),
    authorityKeyId: read(extensions, Oid.authorityKeyIdentifier, readAuthorityKeyId, null),
    aia: read(extensions, Oid.authorityInfoAccess, readCaIssuers, []),
  }
}

type Extensions = Map<string, {value: Buffer; critical: boolean}>

function readExtensions(field: Element | undefined): Extensions {
  const list = field && children(field)[0]
  return new Map(
    (list ? children(list) : []).map((extension) => {
      const parts = children(extension)
      const critical = parts[1]?.tag === Tag.boolean && parts[1].content[0] !== 0
      return [parts[0] ? oidText(parts[0]) : '', {value: parts.at(-1)?.content ?? Buffer.alloc(0), critical}]
    }),
  )
}

function read<T>(extensions: Extensions, oid: string, reader: (value: Element) => T, otherwise: T): T {
  const value = extensions.get(oid)?.value
  if (value === undefined) return otherwise
  return attempt(() => reader(readElement(value)), otherwise)
}

// OpenSSL takes attribute values of any type, also such as have no meaning here.
function nameIn(element: Element | undefined): NameAttribute[][] {
  return attempt(() => (element ? readName(element) : []), [[{type: 'CN', value: '(unreadable)'}]])
}

function readAlternativeNames(extensions: Extensions): {dnsNames: string[]; ipAddresses: string[]} {
  const names = read(extensions, Oid.subjectAltName, children, [])
  return {
    // RFC 5280 §4.2.1.6: dNSName is [2], iPAddress is [7].
    dnsNames: names.filter(({tag}) => tag === 0x82).map(({content}) => escapeAltName(content)),
    ipAddresses: names.filter(({tag}) => tag === 0x87).flatMap(({content}) => ipText(content)),
  }
}

function ipText(octets: Buffer): string[] {
  return octets.length === 4 || octets.length === 16 ? [ipaddr.fromByteArray([...octets]).toString()] : []
}

function readConstraints(extensions: Extensions): Constraints {
  const oids = (value: Element) => children(value).map(oidText)
  const policies = (value: Element) => children(value).map((policy) => oidText(children(policy)[0]!))
  return {
    purposes: read<string[] | null>(extensions, Oid.extendedKeyUsage, oids, null),
    policies: read<string[]>(extensions, Oid.certificatePolicies, policies, []),
    pathLength: read<number | null>(extensions, Oid.basicConstraints, readPathLength, null),
    hasNameConstraints: extensions.has(Oid.nameConstraints),
    nameConstraints: read<NameConstraints | null>(extensions, Oid.nameConstraints, readNameConstraints, null),
    hasScts: extensions.has(Oid.timestamps),
    keyUsage: read<number | null>(extensions, Oid.keyUsage, (bits) => bits.content[1] ?? 0, null),
    critical: [...extensions].filter(([, {critical}]) => critical).map(([oid]) => oid),
  }
}

function readPathLength(value: Element): number | null {
  const length = children(value).find(({tag}) => tag === Tag.integer)
  return length && length.content.length <= 4 ? length.content.readUIntBE(0, length.content.length) : null
}

function readAuthorityKeyId(value: Element): string | null {
  return (
    children(value)
      .find(({tag}) => tag === 0x80)
      ?.content.toString('hex') ?? null
  )
}

function readCaIssuers(value: Element): string[] {
  return children(value).flatMap((access) => {
    const [method, location] = children(access)
    const isAddress = method && oidText(method) === Oid.caIssuers && location?.tag === 0x86
    return isAddress ? [escapeAltName(location.content)] : []
  })
}
