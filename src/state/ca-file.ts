import {X509Certificate} from 'node:crypto'
import {Exit, PosternError} from '../mail/error.ts'
import type {StoredCa} from './configuration.ts'

const PEM_BLOCK = /-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----/g

/** `ca/NAME.pem`: one or more certificates. Throws (78) with the line of the first block that is none. */
export async function readCa(name: string, source: {path: string; text: string}): Promise<StoredCa> {
  const {describeCertificate} = await import('../pki/describe.ts')
  const blocks = [...source.text.matchAll(PEM_BLOCK)]
  const begun = source.text.split('-----BEGIN ').length - 1
  if (blocks.length === 0 || begun !== blocks.length)
    throw damaged(source.path, 1, 'certificates in PEM and nothing else')
  const certificates = blocks.map(({0: pem, index}) => {
    try {
      return {pem: `${pem}\n`, facts: describeCertificate(new X509Certificate(pem))}
    } catch (cause) {
      throw damaged(source.path, lineAt(source.text, index), 'a certificate', cause)
    }
  })
  return {name, certificates}
}

function lineAt(text: string, index: number): number {
  return text.slice(0, index).split('\n').length
}

function damaged(path: string, line: number, expected: string, cause?: unknown): PosternError {
  return new PosternError('configuration-invalid', `${path}:${line}: expected ${expected}`, {
    exit: Exit.badState,
    hints: ['remove the file and import the CA again: postern ca import FILE'],
    cause,
  })
}
