import {createPrivateKey, type KeyObject, X509Certificate} from 'node:crypto'
import {printable} from '../mail/domain.ts'
import {Exit, PosternError} from '../mail/error.ts'
import {BerError, type Element, readElement} from './der.ts'
import {DecryptionError} from './password-encryption.ts'
import {decodeText, fromBase64, type PemBlock, pemBlocks} from './pem.ts'
import {certificatesOfSignedData, contentType, SIGNED_DATA} from './pkcs7.ts'
import {isPkcs12, openPkcs12} from './pkcs12.ts'
import {whatItIs, whatLabelMeans} from './strangers.ts'

/** What a file holds, whichever container it is. Nothing in it has been verified. */
export interface ContainerContent {
  /** In the order of the file, repetitions included. */
  certificates: X509Certificate[]
  /** Each opens when it is called; throws `key-unreadable` (65) and `password-missing` (64). */
  privateKeys: (() => Promise<KeyObject>)[]
}

export interface ContainerOptions {
  /** Of PKCS#12 and of encrypted keys. */
  password?: string | undefined
}

// The largest public collections have some 600.
const MOST_CERTIFICATES = 2000

/**
 * Reads PEM (also with text around it), DER, PKCS#7 and PKCS#12. `source` names the file in errors. Throws with exit 65
 * what the file is instead, when it holds neither certificate nor key.
 */
export async function readContainer(
  source: string,
  bytes: Buffer,
  options: ContainerOptions = {},
): Promise<ContainerContent> {
  if (bytes.length === 0)
    throw unfit(source, 'file-empty', 'is empty', 'give a certificate in PEM, DER, PKCS#7 or PKCS#12')
  const text = decodeText(bytes)
  const reader = new Reader(source, text, options)
  const blocks = pemBlocks(text)
  if (blocks.length > 0) for (const block of blocks) await reader.pem(block)
  else await reader.elements(bytes[0] === 0x30 ? bytes : fromBase64(text))
  if (reader.certificates.length > 0 || reader.privateKeys.length > 0) return reader
  throw reader.refusal ?? unfit(source, 'not-a-certificate', `is ${whatItIs(bytes)}, not a certificate`, FORMS)
}

const FORMS = 'a certificate begins with -----BEGIN CERTIFICATE-----, or is DER, PKCS#7 or PKCS#12'

class Reader implements ContainerContent {
  readonly certificates: X509Certificate[] = []
  readonly privateKeys: (() => Promise<KeyObject>)[] = []
  /** Why the last strange block was passed over. */
  refusal: PosternError | null = null
  readonly #source: string
  readonly #text: string
  readonly #password: string | undefined

  constructor(source: string, text: string, {password}: ContainerOptions) {
    this.#source = source
    this.#text = text
    this.#password = password
  }

  async pem(block: PemBlock): Promise<void> {
    if (!block.isWhole) throw this.#damaged(block)
    if (block.label.endsWith('PRIVATE KEY')) {
      this.privateKeys.push(async () => openKey(this.#source, {key: block.text, format: 'pem'}, this.#password))
    } else if (/^((X509|TRUSTED) )?CERTIFICATE$|^PKCS ?#?7|^CMS$|^PKCS ?#?12$/.test(block.label)) {
      await this.#element(this.#readBlock(block), () => this.#damaged(block))
    } else {
      const what = `holds ${whatLabelMeans(block.label)}, not a certificate`
      this.refusal = unfit(this.#source, 'not-a-certificate', what, FORMS)
    }
  }

  /** DER, one element after the other. */
  async elements(bytes: Buffer): Promise<void> {
    for (let at = 0; at < bytes.length; ) {
      const element = tryRead(bytes, at)
      // Some programs leave a line end or zeros behind.
      if (!element || /^[\s\0]*$/.test(bytes.toString('latin1', at, at + 4))) return
      await this.#element(element, () => null)
      at += element.raw.length
    }
  }

  async #element(element: Element, damaged: () => PosternError | null): Promise<void> {
    const certificate = tryCertificate(element.raw)
    if (certificate) return this.#add(certificate)
    if (contentTypeOf(element) === SIGNED_DATA) return this.#bag(attempt(() => certificatesOfSignedData(element)) ?? [])
    if (attempt(() => isPkcs12(element))) return this.#pkcs12(element)
    const key = tryKey(element.raw)
    if (key) {
      this.privateKeys.push(async () => key)
      return
    }
    const error = damaged()
    if (error) throw error
  }

  #bag(certificates: Buffer[]): void {
    for (const der of certificates) {
      const certificate = tryCertificate(der)
      if (!certificate) throw unfit(this.#source, 'certificate-damaged', 'holds a damaged certificate', REEXPORT)
      this.#add(certificate)
    }
    if (certificates.length > 0) return
    this.refusal = unfit(this.#source, 'not-a-certificate', 'is PKCS#7 without any certificate in it', REEXPORT)
  }

  async #pkcs12(element: Element): Promise<void> {
    const content = await openPkcs12(element, this.#password ?? '').catch((cause) => {
      throw cannotOpen(this.#source, cause, this.#password)
    })
    this.#bag(content.certificates)
    for (const key of content.keys) {
      this.privateKeys.push(async () => {
        const {openPkcs12Key} = await import('./pkcs12-key.ts')
        return openPkcs12Key(key, this.#password ?? '').catch((cause) => {
          throw cannotOpen(this.#source, cause, this.#password)
        })
      })
    }
  }

  #add(certificate: X509Certificate): void {
    this.certificates.push(certificate)
    if (this.certificates.length <= MOST_CERTIFICATES) return
    throw unfit(this.#source, 'file-too-large', `holds more than ${MOST_CERTIFICATES} certificates`, 'split it')
  }

  #readBlock(block: PemBlock): Element {
    const element = tryRead(block.bytes, 0)
    if (!element) throw this.#damaged(block)
    return element
  }

  #damaged({label, offset}: PemBlock): PosternError {
    const line = this.#text.slice(0, offset).split('\n').length
    const what = `line ${line}: this ${printable(label, 40)} block is damaged`
    return unfit(this.#source, 'certificate-damaged', what, REEXPORT, ':')
  }
}

const REEXPORT = 'export it again where it came from, or copy the file as it is, not through a text editor'

function unfit(source: string, code: string, what: string, hint: string, joint = ' '): PosternError {
  return new PosternError(code, `${printable(source)}${joint}${what}`, {exit: Exit.badData, hints: [hint]})
}

function tryRead(bytes: Buffer, at: number): Element | null {
  return attempt(() => readElement(bytes, at))
}

function tryCertificate(der: Buffer): X509Certificate | null {
  return attempt(() => new X509Certificate(der))
}

function contentTypeOf(element: Element): string | null {
  return attempt(() => contentType(element))
}

function tryKey(der: Buffer): KeyObject | null {
  for (const type of ['pkcs8', 'pkcs1', 'sec1'] as const) {
    const key = attempt(() => createPrivateKey({key: der, format: 'der', type}))
    if (key) return key
  }
  return null
}

function attempt<T>(action: () => T): T | null {
  try {
    return action()
  } catch {
    return null
  }
}

function openKey(source: string, key: {key: string; format: 'pem'}, password: string | undefined): KeyObject {
  try {
    return createPrivateKey({...key, passphrase: password})
  } catch {
    const isEncrypted = /ENCRYPTED/.test(key.key)
    if (isEncrypted && password === undefined) throw passwordMissing(source)
    const why = isEncrypted ? 'holds a private key that the password does not open' : 'holds a damaged private key'
    throw unfit(source, isEncrypted ? 'password-wrong' : 'key-unreadable', why, REEXPORT)
  }
}

function cannotOpen(source: string, cause: unknown, password: string | undefined): unknown {
  if (cause instanceof BerError) return unfit(source, 'certificate-damaged', 'is damaged PKCS#12', REEXPORT)
  if (!(cause instanceof DecryptionError)) return cause
  if (cause.kind === 'unsupported') {
    return unfit(
      source,
      'container-unsupported',
      `cannot be read: ${cause.message}`,
      'export it with AES-256 and SHA-256',
    )
  }
  if (password === undefined) return passwordMissing(source)
  return unfit(
    source,
    'password-wrong',
    'does not open with this password',
    'the password is the first line of the file',
  )
}

function passwordMissing(source: string): PosternError {
  return new PosternError('password-missing', `${printable(source)} is protected by a password`, {
    exit: Exit.usage,
    hints: ['name a file that holds the password: --password-file FILE'],
  })
}
