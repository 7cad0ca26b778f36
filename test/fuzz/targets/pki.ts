import {X509Certificate} from 'node:crypto'
import {PosternError} from '../../../src/mail/error.ts'
import {trustAnchors} from '../../../src/pki/anchors.ts'
import {readContainer} from '../../../src/pki/containers.ts'
import {chainDefects} from '../../../src/pki/defects.ts'
import {BerError, children, type Element, octets, oidText, readElement} from '../../../src/pki/der.ts'
import {describeCertificate} from '../../../src/pki/describe.ts'
import {explainChain} from '../../../src/pki/explain.ts'
import {readOcsp} from '../../../src/pki/ocsp.ts'
import {readCorpus} from '../corpus.ts'
import {holds, same, type Target} from '../target.ts'

const WORDS = [
  ...[
    '3080',
    '0000',
    '30820100',
    '3003',
    '3084ffffffff',
    '0201',
    '0400',
    '0500',
    '0101ff',
    '2480',
    'a080',
    'a003',
    '1f81',
    '80',
  ],
  ...[
    '0603551d11',
    '0603551d13',
    '0603551d1e',
    '0603551d25',
    '0603551d0f',
    '0609608648016503040201',
    '06082a8648ce3d040302',
  ],
  ...[
    '06092a864886f70d010c0103',
    '06092a864886f70d010701',
    '06092a864886f70d010706',
    '170d',
    '180f',
    '8207',
    '870400000000',
  ],
].map((hex) => Buffer.from(hex, 'hex'))

/** BER: elements lie within each other and fill each other, and written with definite lengths they read as the same. */
export function der(): Target {
  return {
    name: 'der',
    dictionary: WORDS,
    check: (input) => {
      try {
        const element = readElement(input)
        same(element.raw, input.subarray(0, element.raw.length), 'octets that are not those of the input')
        const tree = treeOf(element, 0)
        same(treeOf(readElement(written(tree)), 0), tree, 'written and read again')
        return ['element', `${element.tag}`, `depth ${depthOf(tree)}`]
      } catch (error) {
        if (!(error instanceof BerError)) throw error
        return [error.message]
      }
    },
  }
}

type Tree = {tag: number; within: Tree[] | Buffer}

function treeOf(element: Element, depth: number): Tree {
  const {tag, content} = element
  if (tag === 0x06) holds(/^(\d+(\.\d+)+|oversized)$/.test(oidText(element)), `${oidText(element)} is no OID`)
  if (!(tag & 0x20)) return {tag, within: content}
  // Deeper than the reader of strings would go.
  if (depth > 30) throw new BerError('nested too deep')
  const parts = children(element)
  const filled = parts.reduce((sum, {raw}) => sum + raw.length, 0)
  same(filled, content.length, 'octets of the content that belong to no element')
  if (tag === 0x24) holds(octets(element).length <= content.length, 'a string longer than its pieces')
  return {tag, within: parts.map((part) => treeOf(part, depth + 1))}
}

function written({tag, within}: Tree): Buffer {
  const content = Buffer.isBuffer(within) ? within : Buffer.concat(within.map(written))
  const length = Buffer.alloc(4)
  length.writeUInt32BE(content.length)
  return Buffer.concat([Buffer.of(tag, 0x84), length, content])
}

function depthOf({within}: Tree): number {
  return Buffer.isBuffer(within) ? 0 : 1 + Math.max(0, ...within.map(depthOf))
}

/** Whatever OpenSSL takes for a certificate can be described, explained and looked through for defects. */
export function certificate(): Target {
  const genuine = readCorpus('certificate').find(({name}) => name === 'intermediate')
  const anchors = trustAnchors({imported: [new X509Certificate(genuine!.octets).toString()], system: false})
  return {
    name: 'certificate',
    dictionary: WORDS,
    check: (input) => {
      const read = certificateIn(input)
      if (!read) return ['none']
      const facts = describeCertificate(read)
      holds(!/[\x00-\x1f\x7f]/.test(facts.subject + facts.issuer), 'a name that is not printable')
      holds(
        !/[\x00-\x1f\x7f]/.test([...facts.dnsNames, ...facts.aia].join()),
        'a control character in an alternative name',
      )
      holds(
        !Number.isNaN(Date.parse(facts.notBefore)) && !Number.isNaN(Date.parse(facts.notAfter)),
        'a date that is none',
      )
      const chain = [read, new X509Certificate(genuine!.octets)]
      const defects = chainDefects(chain, anchors, NOW)
      const error = 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY'
      const {summary} = explainChain(chain, anchors, {trusted: false, error}, NOW)
      holds(!/[\x00-\x1f\x7f]/.test(summary), 'an explanation that is not one line')
      return [...defects.map(({kind}) => kind), facts.key, `${facts.isCa}`]
    },
  }
}

const NOW = Date.UTC(2026, 10, 28)

function certificateIn(input: Buffer): X509Certificate | null {
  try {
    return new X509Certificate(input)
  } catch {
    return null
  }
}

/** A stapled response: never an exception, and never signed unless every octet under the signature is the signer's. */
export function ocsp(): Target {
  const corpus = new Map(readCorpus('ocsp').map(({name, octets}) => [name, octets]))
  const [leaf, issuer] = [new X509Certificate(corpus.get('leaf.pem')!), new X509Certificate(corpus.get('issuer.pem')!)]
  const signed = ['good', 'revoked', 'unknown'].map((name) => signedPart(corpus.get(name)!)!.toString('hex'))
  return {
    name: 'ocsp',
    dictionary: WORDS,
    check: (input) => {
      const answer = readOcsp(input, leaf, issuer, NOW)
      const part = answer.signed ? signedPart(input)?.toString('hex') : undefined
      holds(!answer.signed || signed.includes(part ?? ''), 'what nobody signed counts as signed')
      const alone = readOcsp(input, leaf, null, NOW)
      holds(!alone.signed, 'signed by an issuer whom nobody knows')
      return [`${answer.status} ${answer.signed} ${answer.stale} ${answer.nextUpdate !== null}`, alone.status]
    },
  }
}

/** ResponseData, found by its place alone. */
function signedPart(response: Buffer): Buffer | null {
  const octetString = children(children(children(readElement(response))[1]!)[0]!)[1]
  return octetString ? (children(readElement(octetString.content))[0]?.raw ?? null) : null
}

/** A file of certificates, whichever container it is in: they are certificates, or it is said what the file is instead. */
export function container(): Target {
  return {
    name: 'container',
    dictionary: [
      ...WORDS,
      ...[
        '-----BEGIN CERTIFICATE-----\n',
        '-----END CERTIFICATE-----\n',
        '-----BEGIN PKCS7-----\n',
        '-----BEGIN ',
        '-----',
      ],
      ...[
        '-----BEGIN ENCRYPTED PRIVATE KEY-----\n',
        'Proc-Type: 4,ENCRYPTED\n',
        'DEK-Info: AES-256-CBC,00\n\n',
        'ssh-rsa AAAA',
      ],
    ],
    check: async (input) => {
      const words: string[] = []
      const attempt = async (action: () => Promise<unknown>) => {
        await action().catch((error) => {
          holds(error instanceof PosternError, `${error?.stack} is none of its errors`)
          holds([64, 65].includes(error.exit) && error.hints.length > 0, `exit ${error.exit} for ${error.code}`)
          holds(!/[\x00-\x1f\x7f-\x9f]/.test(error.message), 'an error that is not one line')
          words.push(error.code)
        })
      }
      await attempt(async () => {
        const {certificates, privateKeys} = await readContainer('FILE', input, {password: 'secret'})
        for (const one of certificates) holds(one instanceof X509Certificate, 'a certificate that is none')
        for (const open of privateKeys) await attempt(open)
        words.push(`${Math.min(certificates.length, 4)} certificates`, `${Math.min(privateKeys.length, 2)} keys`)
      })
      await attempt(() => readContainer('FILE', input))
      return words
    },
  }
}
