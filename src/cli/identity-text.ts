import type {IdentityEntry} from '../app/identities.ts'
import type {CertificateFacts} from '../pki/certificate.ts'
import {type Cell, drawFacts} from './tables.ts'

/** An identity in full, every certificate that is sent. */
export async function identityText({name, state, certificates, inUse}: IdentityEntry): Promise<string> {
  const summary = await drawFacts([
    ['identity', {text: name, as: 'strong'}],
    ['state', state === 'ready' ? 'ready' : {text: 'requested: the key waits for its certificate', as: 'warning'}],
    ['in use', inUse ? 'yes, by the relay' : 'no'],
  ])
  return [summary, ...(await Promise.all(certificates.map((facts, i) => drawFacts(certificateFacts(facts, i)))))].join(
    '\n\n',
  )
}

function certificateFacts(facts: CertificateFacts, place: number): [string, Cell][] {
  return [
    [place === 0 ? 'certificate' : 'intermediate', {text: facts.subject, as: 'strong'}],
    ['issuer', facts.selfSigned ? 'itself (self-signed)' : facts.issuer],
    ...(facts.dnsNames.length > 0 ? [['names', facts.dnsNames] as [string, Cell]] : []),
    ['SHA-256', facts.sha256],
    ['valid', `${facts.notBefore.slice(0, 10)} to ${facts.notAfter.slice(0, 10)}`],
    ['key', facts.key],
  ]
}
