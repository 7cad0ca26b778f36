import {readFile} from 'node:fs/promises'
import {join} from 'node:path'
import {createSecureContext} from 'node:tls'
import {Exit, PosternError} from '../mail/error.ts'
import type {RelayIdentity} from '../relay/snapshot.ts'
import {readPrivateKey} from '../state/files.ts'

/**
 * The relay's own certificate and key, fit for a handshake. Throws `identity-missing` (66) where there is none of that
 * name, `key-readable` (77), and `identity-invalid` (78) where certificate and key do not belong together.
 */
export async function relayIdentity(configDir: string, name: string): Promise<RelayIdentity> {
  const path = (extension: string) => join(configDir, 'identity', `${name}.${extension}`)
  const certificatePem = await readFile(path('pem'), 'utf8').catch((cause: NodeJS.ErrnoException) => {
    throw cause.code === 'ENOENT' ? missing(name, cause) : cause
  })
  const keyPem = await readPrivateKey(path('key'))
  try {
    createSecureContext({cert: certificatePem, key: keyPem})
  } catch (cause) {
    throw new PosternError('identity-invalid', `identity ${name} is no certificate with its own key`, {
      exit: Exit.badState,
      hints: [`make a new one: postern identity create ${name}`, `look at it: postern identity show ${name}`],
      cause,
    })
  }
  return {name, certificatePem, keyPem}
}

function missing(name: string, cause: unknown): PosternError {
  return new PosternError('identity-missing', `TLS is on, and there is no identity ${name} to do it with`, {
    exit: Exit.missing,
    hints: [`make one: postern identity create ${name}`, 'or do without TLS: postern relay tls off'],
    cause,
  })
}
