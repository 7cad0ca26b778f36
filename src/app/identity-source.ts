import type {KeyObject, X509Certificate} from 'node:crypto'
import {printable} from '../mail/domain.ts'
import {Exit, PosternError} from '../mail/error.ts'
import {type ContainerContent, readContainer} from '../pki/containers.ts'
import {bodyOf, dayOf, fingerprint, isSelfSigned, validityOf} from '../pki/describe.ts'
import {readInputFile} from './input-file.ts'

/** A certificate with its own key and what is to be sent along. */
export interface IdentityMaterial {
  /** Leaf first, each issuer after what it issued; the root is left out, as nobody needs it from us. */
  chain: X509Certificate[]
  key: KeyObject
  /** Certificates of the files that do not belong to the chain. */
  extras: X509Certificate[]
}

/**
 * Finds the certificate that belongs to the private key in these files, or to `waiting`, the key of a request. Throws
 * (65) when there is no certificate, no key, or none that belong together, and for a leaf that is out of date.
 */
export async function readIdentitySource(
  files: readonly string[],
  now: number,
  password: string | undefined,
  waiting: KeyObject | null,
): Promise<IdentityMaterial> {
  const contents = await Promise.all(files.map((file) => read(file, password)))
  const certificates = contents.flatMap((content) => content.certificates)
  const keys = await Promise.all(contents.flatMap((content) => content.privateKeys.map((open) => open())))
  if (certificates.length === 0)
    throw new PosternError('identity-without-certificate', 'there is no certificate in it', {
      exit: Exit.badData,
      hints: ['name its file too'],
    })
  const pair = findPair(certificates, keys.length > 0 ? keys : waiting ? [waiting] : [])
  if (!pair) throw keys.length > 0 ? mismatch(certificates[0]!) : keyMissing(waiting, certificates[0]!)
  refuseOutOfDate(pair.leaf, now)
  const chain = chainFrom(pair.leaf, certificates)
  const used = new Set(chain.map(fingerprint))
  const extras = certificates.filter((one) => !used.has(fingerprint(one)) && !isSelfSigned(one))
  return {chain, key: pair.key, extras}
}

async function read(file: string, password: string | undefined): Promise<ContainerContent> {
  return readContainer(file, await readInputFile(file), {password})
}

function findPair(certificates: X509Certificate[], keys: KeyObject[]): {leaf: X509Certificate; key: KeyObject} | null {
  for (const key of keys) {
    const leaf = certificates.find((certificate) => certificate.checkPrivateKey(key))
    if (leaf) return {leaf, key}
  }
  return null
}

// RFC 8446 §4.4.2: each certificate should certify the one before it; the trust anchor may be left out.
function chainFrom(leaf: X509Certificate, certificates: X509Certificate[]): X509Certificate[] {
  const chain = [leaf]
  for (let last = leaf; chain.length <= certificates.length; ) {
    const issuer = certificates.find(
      (one) => !chain.includes(one) && last.checkIssued(one) && last.verify(one.publicKey),
    )
    if (!issuer || isSelfSigned(issuer)) break
    chain.push(issuer)
    last = issuer
  }
  return chain
}

function refuseOutOfDate(leaf: X509Certificate, now: number): void {
  if (validityOf(leaf).to.getTime() >= now) return
  const day = dayOf(validityOf(leaf).to)
  throw new PosternError('certificate-expired', `${printable(bodyOf(leaf).subjectText)} expired on ${day}`, {
    exit: Exit.badData,
    hints: ['have it renewed: postern identity request'],
  })
}

function mismatch(certificate: X509Certificate): PosternError {
  const subject = printable(bodyOf(certificate).subjectText)
  return new PosternError('identity-mismatch', `the private key does not belong to ${subject}`, {
    exit: Exit.badData,
    hints: ['certificate and key are made together; look for the key the request was signed with'],
  })
}

function keyMissing(waiting: KeyObject | null, certificate: X509Certificate): PosternError {
  const subject = printable(bodyOf(certificate).subjectText)
  return waiting
    ? new PosternError('identity-mismatch', `${subject} is not for the key that is kept here`, {
        exit: Exit.badData,
        hints: ['name the file of its private key too'],
      })
    : new PosternError('identity-without-key', `there is no private key for ${subject}`, {
        exit: Exit.badData,
        hints: ['name the file of its private key too'],
      })
}
