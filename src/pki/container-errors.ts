import {printable} from '../mail/domain.ts'
import {Exit, PosternError} from '../mail/error.ts'
import {BerError} from './der.ts'
import {DecryptionError} from './password-encryption.ts'
import type {PemBlock} from './pem.ts'

const FORMS = 'a certificate begins with -----BEGIN CERTIFICATE-----, or is DER, PKCS#7 or PKCS#12'
const REEXPORT = 'export it again where it came from, or copy the file as it is, not through a text editor'

/** `what` follows the file's name: `is an HTML page`. */
export function notACertificate(source: string, what: string): PosternError {
  return new PosternError('not-a-certificate', `${printable(source)} ${what}`, {exit: Exit.badData, hints: [FORMS]})
}

/** `file-empty` (65). `source` names the file here and below. */
export function emptyFile(source: string): PosternError {
  return new PosternError('file-empty', `${printable(source)} is empty`, {exit: Exit.badData, hints: [FORMS]})
}

/** `file-too-large` (65). */
export function tooManyCertificates(source: string, most: number): PosternError {
  return new PosternError('file-too-large', `${printable(source)} holds more than ${most} certificates`, {
    exit: Exit.badData,
    hints: ['split it'],
  })
}

/** `certificate-damaged` (65). `what` goes on from the name of the file: `holds a damaged certificate`. */
export function damagedContent(source: string, what: string): PosternError {
  return new PosternError('certificate-damaged', `${printable(source)} ${what}`, {
    exit: Exit.badData,
    hints: [REEXPORT],
  })
}

/** Names the line that the block begins at. */
export function damagedBlock(source: string, text: string, {label, offset}: PemBlock): PosternError {
  const line = text.slice(0, offset).split('\n').length
  const message = `${printable(source)}: line ${line}: this ${printable(label, 40)} block is damaged`
  return new PosternError('certificate-damaged', message, {exit: Exit.badData, hints: [REEXPORT]})
}

/** `key-unreadable` (65); where the key is encrypted `password-missing` or `password-wrong`. */
export function unreadableKey(source: string, isEncrypted: boolean, password: string | undefined): PosternError {
  if (isEncrypted) return password === undefined ? passwordMissing(source) : passwordWrong(source)
  return new PosternError('key-unreadable', `${printable(source)} holds a private key that is damaged`, {
    exit: Exit.badData,
    hints: [REEXPORT],
  })
}

/** Why a PKCS#12 file did not open; what is neither damage nor encryption is handed back as it is. */
export function unopened(source: string, cause: unknown, password: string | undefined): unknown {
  if (cause instanceof BerError) return damagedContent(source, 'is damaged PKCS#12')
  if (!(cause instanceof DecryptionError)) return cause
  if (cause.kind === 'wrong-password') return password === undefined ? passwordMissing(source) : passwordWrong(source)
  return new PosternError('container-unsupported', `${printable(source)} cannot be read: ${cause.message}`, {
    exit: Exit.badData,
    hints: ['export it with AES-256 and SHA-256, or as PEM'],
    cause,
  })
}

function passwordWrong(source: string): PosternError {
  return new PosternError('password-wrong', `${printable(source)} does not open with this password`, {
    exit: Exit.badData,
    hints: ['the password is the first line of the file that --password-file names'],
  })
}

function passwordMissing(source: string): PosternError {
  return new PosternError('password-missing', `${printable(source)} is protected by a password`, {
    exit: Exit.usage,
    hints: ['name a file that holds the password: --password-file FILE'],
  })
}
