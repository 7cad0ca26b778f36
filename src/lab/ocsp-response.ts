import {createHash, createPrivateKey, sign, X509Certificate} from 'node:crypto'
import {children, readElement, Tag} from '../pki/der.ts'
import type {IssuedCertificate} from '../pki/issue.ts'
import {bitString, element, generalizedTime, integer, oid, sequence} from './der-writer.ts'

export interface OcspOrder {
  /** Of which it speaks, PEM. */
  certificatePem: string
  /** Whose issuer this is. */
  issuer: IssuedCertificate
  state: 'good' | 'revoked' | 'unknown'
  /** Hours from now, default an hour ago to a day ahead. */
  hours?: [thisUpdate: number, nextUpdate: number]
  /** Who signs it; default the issuer. The key has to be an elliptic one. */
  signer?: IssuedCertificate
  /** With SCTs (RFC 6962 §3.3), of which what counts is that they are there. */
  scts?: boolean
}

const HOUR = 3_600_000
const OID = {
  basic: '1.3.6.1.5.5.7.48.1.1',
  sha1: '1.3.14.3.2.26',
  ecdsaSha256: '1.2.840.10045.4.3.2',
  scts: '1.3.6.1.4.1.11129.2.4.5',
}
/** A list of one SCT within an OCTET STRING of its own. */
const SCTS = element(Tag.octetString, Buffer.concat([Buffer.of(0, 49, 0, 47), Buffer.alloc(47, 1)]))

/** An OCSP response (RFC 6960 §4.2.1) such as a host staples, DER; the lab has no responder that could be asked for one. */
export function ocspResponse({
  certificatePem,
  issuer,
  state,
  hours = [-1, 24],
  signer = issuer,
  scts,
}: OcspOrder): Buffer {
  const now = Date.now()
  const [thisUpdate, nextUpdate] = hours.map((hour) => generalizedTime(new Date(now + hour * HOUR))) as [Buffer, Buffer]
  const certificate = new X509Certificate(certificatePem)
  const single = sequence(
    certificateId(certificate, keyBits(new X509Certificate(issuer.certificatePem))),
    STATES[state](generalizedTime(new Date(now - 24 * HOUR))),
    thisUpdate,
    element(0xa0, nextUpdate),
    ...(scts ? [element(0xa1, sequence(sequence(oid(OID.scts), element(Tag.octetString, SCTS))))] : []),
  )
  // The responder by the hash of its key.
  const responder = element(0xa2, element(Tag.octetString, sha1(keyBits(new X509Certificate(signer.certificatePem)))))
  const data = sequence(responder, generalizedTime(new Date(now)), sequence(single))
  const signature = sign('sha256', data, createPrivateKey(signer.keyPem))
  const basic = sequence(data, sequence(oid(OID.ecdsaSha256)), bitString(signature))
  const bytes = sequence(oid(OID.basic), element(Tag.octetString, basic))
  return sequence(element(ENUMERATED, Buffer.of(0)), element(0xa0, bytes))
}

const ENUMERATED = 0x0a

const STATES: Record<OcspOrder['state'], (when: Buffer) => Buffer> = {
  good: () => element(0x80),
  revoked: (when) => element(0xa1, when),
  unknown: () => element(0x82),
}

function certificateId(certificate: X509Certificate, issuerKey: Buffer): Buffer {
  const [, serial, , issuerName] = children(children(readElement(certificate.raw))[0]!)
  return sequence(
    sequence(oid(OID.sha1), element(Tag.null)),
    element(Tag.octetString, sha1(issuerName!.raw)),
    element(Tag.octetString, sha1(issuerKey)),
    integer(serial!.content),
  )
}

/** The public key without tag, length and the count of unused bits. */
function keyBits({publicKey}: X509Certificate): Buffer {
  return children(readElement(publicKey.export({format: 'der', type: 'spki'})))[1]!.content.subarray(1)
}

const sha1 = (octets: Buffer): Buffer => createHash('sha1').update(octets).digest()
