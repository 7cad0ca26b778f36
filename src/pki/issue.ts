import {createPrivateKey, createPublicKey, generateKeyPair, type KeyObject, randomBytes, webcrypto} from 'node:crypto'
import {promisify} from 'node:util'
import {Exit, PosternError} from '../mail/error.ts'

type Library = typeof import('@peculiar/x509')
type Extension = InstanceType<Library['Extension']>

/** `rsa-1024` is for those who have to show what is too weak. */
export type IssuedKey = 'ec-256' | 'rsa-2048' | 'rsa-1024'

export interface IssueOptions {
  /** Common name. Decoration: names are looked for in `dnsNames` only. */
  subject: string
  organization?: string
  dnsNames?: string[]
  ipAddresses?: string[]
  /** A certificate authority; default false, an end-entity certificate for both sides of TLS. */
  ca?: boolean
  /** Absent: self-signed. */
  issuer?: {certificatePem: string; keyPem: string}
  /** Kind of the new key; default `ec-256`. */
  key?: IssuedKey
  /** Use this key instead of a new one. */
  keyPem?: string
  /** Default: an hour ago, for peers whose clocks are slow. */
  notBefore?: Date
  /** Default: a year after notBefore. */
  notAfter?: Date
  /** caIssuers addresses to write down (RFC 5280 §4.2.2.1). */
  aia?: string[]
  /** Hash of the signature; default SHA-256. */
  hash?: 'SHA-1' | 'SHA-256'
  /** Of an authority: how many intermediates may be below it. Default: no limit. */
  pathLength?: number
  /** Dotted OIDs of extendedKeyUsage of an end-entity certificate; default both sides of TLS. */
  purposes?: string[]
  /** Further extensions, their values in DER. */
  extensions?: {oid: string; critical: boolean; value: Buffer}[]
}

export interface IssuedCertificate {
  certificatePem: string
  /** PKCS#8. */
  keyPem: string
}

const HOUR = 3_600_000
const YEAR = 365 * 24 * HOUR

/** Issues a certificate: a root, an intermediate or a leaf; one's own or the lab's. It checks nothing about the issuer. */
export async function issueCertificate(options: IssueOptions): Promise<IssuedCertificate> {
  const x509 = await library()
  const key = options.keyPem === undefined ? await newKey(options.key ?? 'ec-256') : createPrivateKey(options.keyPem)
  const signer = options.issuer ? createPrivateKey(options.issuer.keyPem) : key
  const issuer = options.issuer ? new x509.X509Certificate(options.issuer.certificatePem) : null
  const subject = nameOf(x509, options)
  const notBefore = options.notBefore ?? new Date(Date.now() - HOUR)
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: serialNumber(),
    subject,
    issuer: issuer?.subjectName ?? subject,
    notBefore,
    notAfter: options.notAfter ?? new Date(notBefore.getTime() + YEAR),
    publicKey: publicHalf(key),
    signingKey: signingKey(signer),
    signingAlgorithm: {...algorithmOf(signer), ...(options.hash && {hash: options.hash})},
    extensions: await extensions(x509, options, key, issuer),
  })
  return {
    certificatePem: `${certificate.toString('pem')}\n`,
    keyPem: key.export({format: 'pem', type: 'pkcs8'}).toString(),
  }
}

/** A new private key. */
export async function newKey(kind: IssuedKey): Promise<KeyObject> {
  const generate = promisify(generateKeyPair)
  if (kind === 'ec-256') return (await generate('ec', {namedCurve: 'prime256v1'})).privateKey
  return (await generate('rsa', {modulusLength: kind === 'rsa-1024' ? 1024 : 2048})).privateKey
}

/** A certification request (PKCS#10, RFC 2986) for these names. */
export async function requestCertificate(
  names: {subject: string; organization?: string; dnsNames: string[]; ipAddresses?: string[]},
  keyPem: string,
): Promise<string> {
  const x509 = await library()
  const key = createPrivateKey(keyPem)
  const request = await x509.Pkcs10CertificateRequestGenerator.create({
    name: nameOf(x509, names),
    keys: {privateKey: signingKey(key), publicKey: publicHalf(key)},
    signingAlgorithm: algorithmOf(key),
    extensions: [altNames(x509, names)],
  })
  return `${request.toString('pem')}\n`
}

/** The library wants a polyfill of decorator metadata before it, and is loaded only where something is issued. */
async function library(): Promise<Library> {
  await import('reflect-metadata')
  const x509 = await import('@peculiar/x509')
  x509.cryptoProvider.set(webcrypto)
  return x509
}

async function extensions(
  x509: Library,
  options: IssueOptions,
  key: KeyObject,
  issuer: InstanceType<Library['X509Certificate']> | null,
): Promise<Extension[]> {
  const authorityKeyId = issuer?.getExtension(x509.SubjectKeyIdentifierExtension)?.keyId
  return [
    ...(options.ca ? authorityExtensions(x509, options) : leafExtensions(x509, options, key)),
    await x509.SubjectKeyIdentifierExtension.create(publicHalf(key)),
    ...(authorityKeyId ? [new x509.AuthorityKeyIdentifierExtension(authorityKeyId)] : []),
    ...(options.dnsNames?.length || options.ipAddresses?.length ? [altNames(x509, options)] : []),
    ...(options.aia?.length ? [new x509.AuthorityInfoAccessExtension({caIssuers: options.aia})] : []),
    ...(options.extensions ?? []).map(({oid, critical, value}) => new x509.Extension(oid, critical, value)),
  ]
}

function authorityExtensions(x509: Library, {pathLength}: IssueOptions): Extension[] {
  const usage = x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign
  return [new x509.BasicConstraintsExtension(true, pathLength, true), new x509.KeyUsagesExtension(usage, true)]
}

function leafExtensions(x509: Library, options: IssueOptions, key: KeyObject): Extension[] {
  const {digitalSignature, keyEncipherment} = x509.KeyUsageFlags
  // keyEncipherment is for the RSA key exchange of TLS 1.2.
  const usage = key.asymmetricKeyType === 'rsa' ? digitalSignature | keyEncipherment : digitalSignature
  // A relay is both ends of TLS.
  const purposes = options.purposes ?? [x509.ExtendedKeyUsage.serverAuth, x509.ExtendedKeyUsage.clientAuth]
  return [
    new x509.BasicConstraintsExtension(false, undefined, true),
    new x509.KeyUsagesExtension(usage, true),
    new x509.ExtendedKeyUsageExtension(purposes),
  ]
}

function altNames(x509: Library, names: {dnsNames?: string[]; ipAddresses?: string[]}): Extension {
  return new x509.SubjectAlternativeNameExtension([
    ...(names.dnsNames ?? []).map((value) => ({type: 'dns' as const, value})),
    ...(names.ipAddresses ?? []).map((value) => ({type: 'ip' as const, value})),
  ])
}

/** RFC 5280 §4.1.2.4 asks for UTF8String. */
function nameOf(x509: Library, {subject, organization}: {subject: string; organization?: string}) {
  const parts = organization === undefined ? [] : [{O: [{utf8String: organization}]}]
  return new x509.Name([...parts, {CN: [{utf8String: subject}]}])
}

// 127 random bits, the first set: positive, and always 16 octets long.
function serialNumber(): string {
  const serial = randomBytes(16)
  serial[0] = (serial[0]! & 0x7f) | 0x40
  return serial.toString('hex')
}

function signingKey(key: KeyObject) {
  return key.toCryptoKey(algorithmOf(key), true, ['sign'])
}

function publicHalf(key: KeyObject) {
  return createPublicKey(key).toCryptoKey(algorithmOf(key), true, ['verify'])
}

/** How a key of this kind signs. Throws `key-unsupported` (65) for kinds that Web Crypto does not know. */
function algorithmOf({asymmetricKeyType, asymmetricKeyDetails}: KeyObject) {
  if (asymmetricKeyType === 'rsa') return {name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256'}
  if (asymmetricKeyType === 'ed25519') return {name: 'Ed25519'}
  const named = asymmetricKeyDetails?.namedCurve
  const curve = CURVES[named ?? '']
  if (asymmetricKeyType === 'ec' && curve) return {name: 'ECDSA', hash: 'SHA-256', namedCurve: curve}
  throw new PosternError('key-unsupported', `cannot sign with a key of kind ${named ?? asymmetricKeyType}`, {
    exit: Exit.badData,
    hints: ['under another name, with a new key: postern identity request NAME', 'or: openssl req -new -key FILE'],
  })
}

const CURVES: Record<string, string> = {prime256v1: 'P-256', secp384r1: 'P-384', secp521r1: 'P-521'}
