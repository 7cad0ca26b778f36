import {type MailDomain, mailDomainText} from '../mail/address.ts'
import {printable} from '../mail/domain.ts'
import {Exit, PosternError} from '../mail/error.ts'
import {trustAnchors} from '../pki/anchors.ts'
import type {TrustAnchors} from '../pki/certificate.ts'
import {readContainer} from '../pki/containers.ts'
import type {EffectiveProfile} from '../policy/profile.ts'
import type {Configuration} from '../state/configuration.ts'
import {effectivePolicy} from './effective-policy.ts'
import {readInputFile} from './input-file.ts'
import {rulesOf} from './policy-file.ts'

export interface PolicyChoice {
  /** Name of a profile or level, instead of what the policy says. */
  profile?: string | undefined
  /** A file with rules, to be asked in the place of policy.yaml. */
  rules?: string | undefined
  /** Files, or names of imported CAs: these alone are trusted. */
  ca?: readonly string[] | undefined
}

/** Which profile a look at this address of this domain is judged by; '' where no address is known. */
export type ProfileFor = (domain: MailDomain, address: string) => EffectiveProfile

/**
 * The profile that the relay would use for mail to the domain, the named one, or either with other trust anchors.
 * Throws `profile-unknown` (66), and what reading certificates and rules throws (65, 66).
 */
export async function probePolicy(config: Configuration, choice: PolicyChoice): Promise<ProfileFor> {
  const policy = effectivePolicy(choice.rules === undefined ? config : await withRules(config, choice.rules))
  const named = choice.profile === undefined ? null : policy.profile(choice.profile)
  const anchors = choice.ca?.length ? await onlyThese(config, choice.ca) : null
  return (domain, address) => {
    // Every domain that takes mail has a postmaster (RFC 5321 §4.5.1); rules for single users do not speak of the domain.
    const recipient = `postmaster@${mailDomainText(domain)}`
    const profile = named ?? policy.delivery({recipient, sender: '', address}).profile
    return anchors ? {...profile, trust: 'imported', ca: [], anchors} : profile
  }
}

async function withRules(config: Configuration, path: string): Promise<Configuration> {
  const text = (await readInputFile(path)).toString('utf8')
  return {...config, rules: rulesOf({path, text}, config)}
}

/** `--ca` names the whole trust store: nothing of the system's, nothing of the profile's. */
async function onlyThese(config: Configuration, sources: readonly string[]): Promise<TrustAnchors> {
  const pems = await Promise.all(sources.map((source) => certificatesOf(config, source)))
  return trustAnchors({imported: pems.flat(), system: false, issuers: null})
}

async function certificatesOf({cas}: Configuration, source: string): Promise<string[]> {
  const imported = cas.get(source)
  const bytes = await readInputFile(source).catch((error) => {
    if (imported && error.code === 'file-missing') return null
    throw error
  })
  if (bytes === null) return imported?.certificates.map(({pem}) => pem) ?? []
  const {certificates} = await readContainer(printable(source), bytes)
  if (certificates.length > 0) return certificates.map((certificate) => certificate.toString())
  throw new PosternError('not-a-certificate', `${printable(source)} holds a private key, not a certificate`, {
    exit: Exit.badData,
    hints: ["--ca takes the CA's certificate"],
  })
}
