import type {X509Certificate} from 'node:crypto'
import {printable} from '../mail/domain.ts'
import {Exit, PosternError} from '../mail/error.ts'
import {isAuthority} from '../pki/authorities.ts'
import {readContainer} from '../pki/containers.ts'
import {bodyOf, dayOf, fingerprint, validityOf} from '../pki/describe.ts'
import {readInputFile} from './input-file.ts'

/** The CA certificates of one file, each once, and what was left out of it. */
export interface CaSource {
  certificates: X509Certificate[]
  remarks: string[]
}

/**
 * Reads a file that is to hold CA certificates, and refuses it (65) when it has none, or has one that is out of date:
 * an expired CA can vouch for nobody. `now` in milliseconds.
 */
export async function readCaSource(path: string, now: number, password: string | undefined): Promise<CaSource> {
  const {certificates, privateKeys} = await readContainer(path, await readInputFile(path), {password})
  if (certificates.length === 0) throw onlyAKey(path)
  const authorities = certificates.filter(isAuthority)
  if (authorities.length === 0) throw notACa(path, certificates[0]!)
  for (const certificate of authorities) refuseOutOfDate(path, certificate, now)
  const leaves = certificates.filter((certificate) => !isAuthority(certificate))
  return {
    certificates: [...new Map(authorities.map((certificate) => [fingerprint(certificate), certificate])).values()],
    remarks: [
      ...leaves.map((leaf) => `${path}: left out ${bodyOf(leaf).subjectText}, which is no CA`),
      ...(privateKeys.length > 0
        ? [`${path}: holds a private key, which was not stored and has no place in a CA file`]
        : []),
    ],
  }
}

function refuseOutOfDate(path: string, certificate: X509Certificate, now: number): void {
  const {from, to} = validityOf(certificate)
  const name = printable(bodyOf(certificate).subjectText)
  if (to.getTime() < now) {
    throw new PosternError('ca-expired', `${printable(path)}: the CA ${name} expired on ${dayOf(to)}`, {
      exit: Exit.badData,
      hints: ["get the CA's current certificate from its owner", ...aiaHints(certificate)],
    })
  }
  if (from.getTime() <= now) return
  throw new PosternError('ca-not-yet-valid', `${printable(path)}: the CA ${name} is valid from ${dayOf(from)} on`, {
    exit: Exit.badData,
    hints: ['import it then; if that day is past, set the clock of this machine'],
  })
}

function notACa(path: string, leaf: X509Certificate): PosternError {
  const {subjectText, issuerText, authorityKeyId} = bodyOf(leaf)
  const isOwnIssuer = subjectText === issuerText
  const key = authorityKeyId && !isOwnIssuer ? ` (key id ${authorityKeyId})` : ''
  const hint = isOwnIssuer
    ? 'nobody but itself vouches for it; ask its owner for a certificate from a CA, and import that CA'
    : `import the CA that issued it: ${printable(issuerText)}${key}`
  return new PosternError('certificate-not-ca', `${printable(path)}: ${printable(subjectText)} is a leaf, not a CA`, {
    exit: Exit.badData,
    hints: [hint, ...aiaHints(leaf)],
  })
}

// What is fetched from there proves nothing by itself, so that a person does it.
function aiaHints(certificate: X509Certificate): string[] {
  return bodyOf(certificate)
    .aia.slice(0, 2)
    .map((address) => `its issuer may be at ${printable(address)}`)
}

function onlyAKey(path: string): PosternError {
  return new PosternError('not-a-certificate', `${printable(path)} holds a private key, not a certificate`, {
    exit: Exit.badData,
    hints: ["import the CA's certificate; its private key stays with its owner"],
  })
}
