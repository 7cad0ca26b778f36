import {createPrivateKey, type KeyObject, X509Certificate} from 'node:crypto'
import {readdir} from 'node:fs/promises'
import {join} from 'node:path'
import {printable} from '../mail/domain.ts'
import {Exit, PosternError} from '../mail/error.ts'
import {pemBlocks} from '../pki/pem.ts'
import {readOptional, readPrivateKey, unreadable, writeFileAtomic} from '../state/files.ts'
import {isName} from '../state/names.ts'
import {nearest} from '../state/suggest.ts'

/** An identity as its two files hold it. No certificates: they were requested and have not come yet. */
export interface StoredIdentity {
  name: string
  /** Leaf first. */
  certificates: X509Certificate[]
  key: KeyObject
}

/** Reads `identity/NAME.pem` and `.key`; null when neither is there. Throws (77) for an open key, (78) for damage. */
export async function readIdentity(configDir: string, name: string): Promise<StoredIdentity | null> {
  const path = pathsOf(configDir, name)
  const [pem, hasKey] = [await octetsOf(path.pem), (await octetsOf(path.key)) !== null]
  if (pem === null && !hasKey) return null
  const key = privateKey(name, await readPrivateKey(path.key), path.key)
  const certificates = pem === null ? [] : parseChain(name, pem.toString('latin1'), path.pem)
  if (certificates[0] && !certificates[0].checkPrivateKey(key)) {
    throw damaged(name, 'its certificate and its private key do not belong together')
  }
  return {name, certificates, key}
}

/** Throws `identity-unknown` (66). */
export async function findIdentity(configDir: string, name: string): Promise<StoredIdentity> {
  const identity = isName(name) ? await readIdentity(configDir, name) : null
  if (identity) return identity
  const meant = nearest(name, await identityNames(configDir))
  throw new PosternError('identity-unknown', `there is no identity ${printable(name)}`, {
    exit: Exit.missing,
    hints: [meant ? `did you mean ${meant}?` : 'postern identity list shows them; postern identity create makes one'],
  })
}

/** Names for which there is a certificate or a key, sorted. */
export async function identityNames(configDir: string): Promise<string[]> {
  const files = await readdir(join(configDir, 'identity')).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return []
    throw error
  })
  const names = files.map((file) => /^(.+)\.(?:pem|key)$/.exec(file)?.[1]).filter((name) => name !== undefined)
  return [...new Set(names.filter(isName))].sort()
}

/** Key first: a key without its certificate is a request that waits, a certificate without its key is damage. */
export async function writeIdentity(configDir: string, name: string, keyPem: string, chainPem: string): Promise<void> {
  const path = pathsOf(configDir, name)
  await writeKey(configDir, name, keyPem)
  await writeFileAtomic(path.pem, chainPem, {mode: 0o644})
}

/** Mode 0600 from its first moment. */
export async function writeKey(configDir: string, name: string, keyPem: string): Promise<void> {
  await writeFileAtomic(pathsOf(configDir, name).key, keyPem, {mode: 0o600})
}

function pathsOf(configDir: string, name: string): {pem: string; key: string} {
  return {pem: join(configDir, 'identity', `${name}.pem`), key: join(configDir, 'identity', `${name}.key`)}
}

function octetsOf(path: string): Promise<Buffer | null> {
  return readOptional(path).catch((cause: unknown) => {
    throw unreadable(path, cause)
  })
}

function privateKey(name: string, pem: string, path: string): KeyObject {
  try {
    return createPrivateKey(pem)
  } catch {
    throw damaged(name, `${path} is no private key`)
  }
}

function parseChain(name: string, text: string, path: string): X509Certificate[] {
  try {
    const chain = pemBlocks(text).map((block) => new X509Certificate(block.bytes))
    if (chain.length > 0) return chain
  } catch {
    // The same answer as for a file without any.
  }
  throw damaged(name, `${path} is no certificate`)
}

function damaged(name: string, why: string): PosternError {
  return new PosternError('identity-invalid', `identity ${name}: ${why}`, {
    exit: Exit.badState,
    hints: [`import it again, or make a new one: postern identity create ${name} --replace`],
  })
}
