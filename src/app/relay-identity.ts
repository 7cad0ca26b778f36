import {join} from 'node:path'
import {Exit, PosternError} from '../mail/error.ts'
import {describeCertificate} from '../pki/describe.ts'
import type {RelayIdentity} from '../relay/snapshot.ts'
import {readOptional} from '../state/files.ts'
import {YamlFile} from '../state/yaml-file.ts'
import {readIdentity} from './identity-store.ts'

/**
 * The relay's own certificate and key, fit for a handshake. Throws `identity-missing` (66) where there is none of that
 * name, or its certificate has not come yet, and what `readIdentity` throws.
 */
export async function relayIdentity(configDir: string, name: string): Promise<RelayIdentity> {
  const identity = await readIdentity(configDir, name)
  if (identity === null) throw missing(name, `make one: postern identity create ${name}`)
  const {certificates, key} = identity
  const [leaf] = certificates
  if (!leaf) throw missing(name, 'its certificate has not come yet: postern identity import')
  return {
    name,
    certificatePem: certificates.map(String).join(''),
    keyPem: key.export({format: 'pem', type: 'pkcs8'}).toString(),
    dnsNames: describeCertificate(leaf).dnsNames,
  }
}

/** Those of `tls.identities`, without the one that is shown anyway. Throws (78), naming the line, where one is missing. */
export async function furtherIdentities(
  configDir: string,
  {identity, identities}: {identity: string; identities: readonly string[]},
): Promise<RelayIdentity[]> {
  const names = [...new Set(identities)].filter((name) => name !== identity)
  return Promise.all(
    names.map((name) =>
      namedIdentity(configDir, name, {
        at: ['tls', 'identities', identities.indexOf(name)],
        expected: 'identities that are there',
      }),
    ),
  )
}

/** That of `tls.clientIdentity`; null: none is named. Throws (78), naming the line, where it is missing. */
export async function clientIdentity(
  configDir: string,
  {clientIdentity: name}: {clientIdentity?: string | undefined},
): Promise<RelayIdentity | null> {
  if (name === undefined) return null
  return namedIdentity(configDir, name, {at: ['tls', 'clientIdentity'], expected: 'an identity that is there'})
}

interface Mention {
  at: (string | number)[]
  expected: string
}

async function namedIdentity(configDir: string, name: string, mention: Mention): Promise<RelayIdentity> {
  try {
    return await relayIdentity(configDir, name)
  } catch (error) {
    if ((error as PosternError).code !== 'identity-missing') throw error
    throw await missingAt(configDir, name, mention, error as PosternError)
  }
}

async function missingAt(
  configDir: string,
  name: string,
  {at, expected}: Mention,
  error: PosternError,
): Promise<PosternError> {
  const path = join(configDir, 'relay.yaml')
  const file = new YamlFile({path, text: (await readOptional(path))?.toString('utf8') ?? ''})
  const message = `expected ${expected}; ${name} is not, or has no certificate yet`
  return file.complain(at, message, error.hints[0] ?? '', error)
}

function missing(name: string, hint: string): PosternError {
  return new PosternError('identity-missing', `TLS is on, and there is no identity ${name} to do it with`, {
    exit: Exit.missing,
    hints: [hint, 'or do without TLS: postern relay tls off'],
  })
}
