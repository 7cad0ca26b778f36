import {createHash, verify, X509Certificate} from 'node:crypto'
import {BerError, children, type Element, oidText, readElement, Tag} from './der.ts'
import {bodyOf, isSignedBy, publicKeyOf} from './describe.ts'

/**
 * An OCSP response as a peer staples it to its handshake (RFC 6960 §4.2, RFC 6066 §8). What is checked here: that it
 * speaks of this very certificate, its dates, and its signature, by the issuer or by a responder whom the issuer made
 * one (RFC 6960 §4.2.2.2). OpenSSL computes the signature; whether the chain is trusted is not asked again.
 */
export interface OcspAnswer {
  /** `other`: it speaks of another certificate; `unreadable`: it is no response, or none with an answer in it. */
  status: 'good' | 'revoked' | 'unknown' | 'other' | 'unreadable'
  /** ISO 8601. */
  thisUpdate: string | null
  nextUpdate: string | null
  revokedAt: string | null
  /** Of a good answer or an unknown one: its time is over, or not come yet. */
  stale: boolean
  /** The signature was made by whom it has to be. */
  signed: boolean
  /** It carries SCTs (RFC 6962 §3.3), which are not checked. */
  scts: boolean
}

/** Reads what was stapled for `leaf`. `issuer` null: nobody knows it, and the signature counts as not made by it. */
export function readOcsp(
  der: Buffer,
  leaf: X509Certificate,
  issuer: X509Certificate | null,
  now: number = Date.now(),
): OcspAnswer {
  try {
    return read(der, leaf, issuer, now)
  } catch (error) {
    if (!(error instanceof BerError) && !(error instanceof Incomplete)) throw error
    return {status: 'unreadable', ...NO_DATES, stale: false, signed: false, scts: false}
  }
}

class Incomplete extends Error {}

const NO_DATES = {thisUpdate: null, nextUpdate: null, revokedAt: null}
/** Clocks differ; what was signed a few minutes ahead of ours is not from the future. */
const SKEW = 5 * 60_000

function read(der: Buffer, leaf: X509Certificate, issuer: X509Certificate | null, now: number): OcspAnswer {
  const [status, wrapped] = children(readElement(der))
  if (status?.content[0] !== 0 || !wrapped) throw new Incomplete()
  const [, octets] = children(child(wrapped, 0))
  const [data, algorithm, signature, certificates] = children(readElement(octets?.content ?? Buffer.alloc(0)))
  if (!data || !algorithm || !signature) throw new Incomplete()
  const signed = issuer !== null && isSigned({data, algorithm, signature, certificates}, issuer)
  const single = answersIn(data).find((answer) => speaksOf(answer, leaf, issuer))
  if (!single) return {status: 'other', ...NO_DATES, stale: false, signed, scts: false}
  const {state, thisUpdate, nextUpdate, revokedAt, scts} = single
  const ended = nextUpdate !== null && nextUpdate < now
  const stale = state !== 'revoked' && (ended || thisUpdate > now + SKEW)
  const dates = {thisUpdate: iso(thisUpdate), nextUpdate: iso(nextUpdate), revokedAt: iso(revokedAt)}
  return {status: state, ...dates, stale, signed, scts}
}

interface Single {
  hash: string
  issuerName: Buffer
  issuerKey: Buffer
  serial: Buffer
  state: 'good' | 'revoked' | 'unknown'
  thisUpdate: number
  nextUpdate: number | null
  revokedAt: number | null
  scts: boolean
}

/** ResponseData: version [0], responderID [1] or [2], producedAt, responses. */
function answersIn(data: Element): Single[] {
  const list = children(data).find(({tag}, i) => tag === Tag.sequence && i > 0)
  return list ? children(list).map(readSingle) : []
}

function readSingle(single: Element): Single {
  const id = child(single, 0)
  const status = child(single, 1)
  const next = children(single).find(({tag}, i) => i > 2 && tag === 0xa0)
  const state = STATES[status.tag & 0x1f] ?? 'unknown'
  return {
    hash: HASHES[oidText(child(child(id, 0), 0))] ?? 'unknown',
    issuerName: child(id, 1).content,
    issuerKey: child(id, 2).content,
    serial: child(id, 3).content,
    state,
    thisUpdate: timeIn(child(single, 2)),
    nextUpdate: next ? timeIn(child(next, 0)) : null,
    revokedAt: state === 'revoked' ? timeIn(child(status, 0)) : null,
    scts: singleExtensions(single).includes(SCT_LIST),
  }
}

/** OIDs of the extensions behind [1] (RFC 6960 §4.2.1). */
function singleExtensions(single: Element): string[] {
  const wrapped = children(single).find(({tag}, i) => i > 2 && tag === 0xa1)
  return wrapped ? children(child(wrapped, 0)).map((extension) => oidText(child(extension, 0))) : []
}

/** RFC 6962 §3.3. */
const SCT_LIST = '1.3.6.1.4.1.11129.2.4.5'

const STATES = ['good', 'revoked', 'unknown'] as const
const HASHES: Record<string, string> = {
  '1.3.14.3.2.26': 'sha1',
  '2.16.840.1.101.3.4.2.1': 'sha256',
  '2.16.840.1.101.3.4.2.2': 'sha384',
}

function child(element: Element, at: number): Element {
  const found = children(element)[at]
  if (!found) throw new Incomplete()
  return found
}

/** RFC 6960 §4.1.1: hash of the issuer's name, hash of its key without tag and length, serial number. */
function speaksOf(
  {hash, issuerName, issuerKey, serial}: Single,
  leaf: X509Certificate,
  issuer: X509Certificate | null,
) {
  if (hash === 'unknown' || !serial.equals(serialOf(leaf))) return false
  const digest = (data: Buffer) => createHash(hash).update(data).digest()
  if (!issuerName.equals(digest(issuerNameOf(leaf)))) return false
  return issuer === null || issuerKey.equals(digest(keyBitsOf(issuer)))
}

/** The fields of tbsCertificate behind the optional version (RFC 5280 §4.1). */
function fieldsOf(certificate: X509Certificate): Element[] {
  const fields = children(child(readElement(certificate.raw), 0))
  return fields[0]?.tag === 0xa0 ? fields.slice(1) : fields
}

const serialOf = (certificate: X509Certificate): Buffer => fieldsOf(certificate)[0]!.content
const issuerNameOf = (certificate: X509Certificate): Buffer => fieldsOf(certificate)[2]!.raw
// The first octet of a BIT STRING counts unused bits.
const keyBitsOf = (certificate: X509Certificate): Buffer => child(fieldsOf(certificate)[5]!, 1).content.subarray(1)

interface Signed {
  data: Element
  algorithm: Element
  signature: Element
  certificates: Element | undefined
}

const OCSP_SIGNING = '1.3.6.1.5.5.7.3.9'
/** A response brings one certificate, if any. */
const MOST_RESPONDERS = 4

function isSigned({data, algorithm, signature, certificates}: Signed, issuer: X509Certificate): boolean {
  const hash = SIGNATURE_HASHES[oidText(child(algorithm, 0))]
  if (hash === undefined) return false
  const responders = (certificates ? children(child(certificates, 0)) : []).slice(0, MOST_RESPONDERS).flatMap(parsed)
  const delegated = responders.filter((responder) => {
    return bodyOf(responder).purposes?.includes(OCSP_SIGNING) && isSignedBy(responder, issuer)
  })
  return [issuer, ...delegated].some((signer) => {
    return isSignature(hash, data.raw, signer, signature.content.subarray(1))
  })
}

function isSignature(hash: string | null, data: Buffer, signer: X509Certificate, signature: Buffer): boolean {
  const key = publicKeyOf(signer)
  try {
    return key !== null && verify(hash, data, key, signature)
  } catch {
    return false
  }
}

// null: the algorithm brings its own hash.
const SIGNATURE_HASHES: Record<string, string | null> = {
  '1.2.840.113549.1.1.5': 'sha1',
  '1.2.840.113549.1.1.11': 'sha256',
  '1.2.840.113549.1.1.12': 'sha384',
  '1.2.840.113549.1.1.13': 'sha512',
  '1.2.840.10045.4.3.2': 'sha256',
  '1.2.840.10045.4.3.3': 'sha384',
  '1.2.840.10045.4.3.4': 'sha512',
  '1.3.101.112': null,
}

function parsed(element: Element): X509Certificate[] {
  try {
    return [new X509Certificate(element.raw)]
  } catch {
    return []
  }
}

/** GeneralizedTime as RFC 6960 §4.2.2.1 has it: `20260101120000Z`, milliseconds since the epoch. */
function timeIn({content}: Element): number {
  const [, y, mo, d, h, mi, s] =
    /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(?:\.\d+)?Z$/.exec(content.toString('latin1')) ?? []
  const time = Date.parse(`${y}-${mo}-${d}T${h}:${mi}:${s}Z`)
  if (Number.isNaN(time)) throw new Incomplete()
  return time
}

function iso(time: number | null): string | null {
  return time === null ? null : new Date(time).toISOString()
}
