import {createPrivateKey, type KeyObject} from 'node:crypto'
import {children, readElement} from './der.ts'
import {DecryptionError, decrypt} from './password-encryption.ts'
import type {Pkcs12Content} from './pkcs12.ts'

/** Opens a private key of a PKCS#12 file (RFC 5958 §3). Throws DecryptionError. */
export async function openPkcs12Key(
  {der, isEncrypted}: Pkcs12Content['keys'][number],
  password: string,
): Promise<KeyObject> {
  const plain = isEncrypted ? await decryptKey(der, password) : der
  try {
    return createPrivateKey({key: plain, format: 'der', type: 'pkcs8'})
  } catch {
    throw new DecryptionError('unsupported', 'its private key is of a kind that is not supported')
  }
}

async function decryptKey(der: Buffer, password: string): Promise<Buffer> {
  const [algorithm, ciphertext] = children(readElement(der))
  if (!algorithm || !ciphertext) throw new DecryptionError('unsupported', 'its private key is malformed')
  return decrypt(algorithm, ciphertext.content, password)
}
