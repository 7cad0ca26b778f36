import {createPrivateKey, type KeyObject, X509Certificate} from 'node:crypto'
import type {PosternError} from '../mail/error.ts'
import {attempt} from './attempt.ts'
import {
  damagedBlock,
  damagedContent,
  emptyFile,
  notACertificate,
  tooManyCertificates,
  unopened,
  unreadableKey,
} from './container-errors.ts'
import {type Element, readElement} from './der.ts'
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
/** Elements of DER that turn out to be nothing of ours. OpenSSL takes its time over each, and a file may be all such. */
const MOST_STRANGERS = 50

/**
 * Reads PEM (also with text around it), DER, PKCS#7 and PKCS#12. `source` names the file in errors. Throws with exit 65
 * what the file is instead, when it holds neither certificate nor key.
 */
export async function readContainer(
  source: string,
  bytes: Buffer,
  options: ContainerOptions = {},
): Promise<ContainerContent> {
  if (bytes.length === 0) throw emptyFile(source)
  const text = decodeText(bytes)
  const reader = new Reader(source, text, options)
  const blocks = pemBlocks(text)
  if (blocks.length > 0) for (const block of blocks) await reader.pem(block)
  else await reader.elements(bytes[0] === 0x30 ? bytes : fromBase64(text))
  if (reader.certificates.length > 0 || reader.privateKeys.length > 0) return reader
  throw reader.refusal ?? notACertificate(source, `is ${whatItIs(bytes)}, not a certificate`)
}

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
      this.privateKeys.push(async () => openKey(this.#source, block.text, this.#password))
    } else if (/^((X509|TRUSTED) )?CERTIFICATE$|^PKCS ?#?7|^CMS$|^PKCS ?#?12$/.test(block.label)) {
      if (!(await this.#element(this.#readBlock(block)))) throw this.#damaged(block)
    } else {
      this.refusal = notACertificate(this.#source, `holds ${whatLabelMeans(block.label)}, not a certificate`)
    }
  }

  /** DER, one element after the other. */
  async elements(bytes: Buffer): Promise<void> {
    for (let at = 0, strangers = 0; at < bytes.length && strangers < MOST_STRANGERS; ) {
      const element = tryRead(bytes, at)
      // Some programs leave a line end or zeros behind.
      if (!element || /^[\s\0]*$/.test(bytes.toString('latin1', at, at + 4))) return
      if (!(await this.#element(element))) strangers++
      at += element.raw.length
    }
  }

  /** False: it is nothing that is looked for. */
  async #element(element: Element): Promise<boolean> {
    const certificate = tryCertificate(element.raw)
    if (certificate) this.#add(certificate)
    else if (contentTypeOf(element) === SIGNED_DATA) this.#bag(attempt(() => certificatesOfSignedData(element), []))
    else if (attempt(() => isPkcs12(element), false)) await this.#pkcs12(element)
    else return this.#key(element)
    return true
  }

  #key(element: Element): boolean {
    const key = tryKey(element.raw)
    if (key) this.privateKeys.push(async () => key)
    return key !== null
  }

  #bag(certificates: Buffer[]): void {
    for (const der of certificates) {
      const certificate = tryCertificate(der)
      if (!certificate) throw damagedContent(this.#source, 'holds a damaged certificate')
      this.#add(certificate)
    }
    if (certificates.length > 0) return
    this.refusal = notACertificate(this.#source, 'is PKCS#7 without any certificate in it')
  }

  async #pkcs12(element: Element): Promise<void> {
    const content = await openPkcs12(element, this.#password ?? '').catch((cause) => {
      throw unopened(this.#source, cause, this.#password)
    })
    this.#bag(content.certificates)
    for (const key of content.keys) {
      this.privateKeys.push(async () => {
        const {openPkcs12Key} = await import('./pkcs12-key.ts')
        return openPkcs12Key(key, this.#password ?? '').catch((cause) => {
          throw unopened(this.#source, cause, this.#password)
        })
      })
    }
  }

  #add(certificate: X509Certificate): void {
    this.certificates.push(certificate)
    if (this.certificates.length <= MOST_CERTIFICATES) return
    throw tooManyCertificates(this.#source, MOST_CERTIFICATES)
  }

  #readBlock(block: PemBlock): Element {
    const element = tryRead(block.bytes, 0)
    if (!element) throw this.#damaged(block)
    return element
  }

  #damaged(block: PemBlock): PosternError {
    return damagedBlock(this.#source, this.#text, block)
  }
}

function tryRead(bytes: Buffer, at: number): Element | null {
  return attempt(() => readElement(bytes, at), null)
}

function tryCertificate(der: Buffer): X509Certificate | null {
  return attempt(() => new X509Certificate(der), null)
}

function contentTypeOf(element: Element): string | null {
  return attempt(() => contentType(element), null)
}

function tryKey(der: Buffer): KeyObject | null {
  for (const type of ['pkcs8', 'pkcs1', 'sec1'] as const) {
    const key = attempt(() => createPrivateKey({key: der, format: 'der', type}), null)
    if (key) return key
  }
  return null
}

function openKey(source: string, pem: string, password: string | undefined): KeyObject {
  try {
    return createPrivateKey({key: pem, format: 'pem', passphrase: password})
  } catch {
    throw unreadableKey(source, pem.includes('ENCRYPTED'), password)
  }
}
