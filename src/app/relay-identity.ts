import {Exit, PosternError} from '../mail/error.ts'
import type {RelayIdentity} from '../relay/snapshot.ts'
import {readIdentity} from './identity-store.ts'

/**
 * The relay's own certificate and key, fit for a handshake. Throws `identity-missing` (66) where there is none of that
 * name, or its certificate has not come yet, and what `readIdentity` throws.
 */
export async function relayIdentity(configDir: string, name: string): Promise<RelayIdentity> {
  const identity = await readIdentity(configDir, name)
  if (identity === null) throw missing(name, `make one: postern identity create ${name}`)
  const {certificates, key} = identity
  if (certificates.length === 0) throw missing(name, 'its certificate has not come yet: postern identity import')
  return {
    name,
    certificatePem: certificates.map(String).join(''),
    keyPem: key.export({format: 'pem', type: 'pkcs8'}).toString(),
  }
}

function missing(name: string, hint: string): PosternError {
  return new PosternError('identity-missing', `TLS is on, and there is no identity ${name} to do it with`, {
    exit: Exit.missing,
    hints: [hint, 'or do without TLS: postern relay tls off'],
  })
}
