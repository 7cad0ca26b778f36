import type {CaEntry} from '../app/cas.ts'
import type {AuthorityFacts, MissingAuthority} from '../pki/authorities.ts'
import {type Cell, drawFacts} from './tables.ts'

/** Every certificate of a CA in full, and whether the set is whole. */
export async function caText({name, certificates, complete, missing, profiles}: CaEntry): Promise<string> {
  const blocks = await Promise.all(certificates.map((certificate) => drawFacts(certificateFacts(certificate))))
  const whole: Cell = complete ? {text: 'complete', as: 'good'} : {text: missing.map(missingText), as: 'warning'}
  const summary = await drawFacts([
    ['ca', {text: name, as: 'strong'}],
    ['chain', complete || missing.length > 0 ? whole : {text: 'no root', as: 'warning'}],
    ['profiles', profiles.length > 0 ? profiles : '-'],
  ])
  return [summary, ...blocks].join('\n\n')
}

function certificateFacts(facts: AuthorityFacts): [string, Cell][] {
  return [
    [facts.role, {text: facts.subject, as: 'strong'}],
    ['issuer', facts.role === 'root' ? 'itself' : facts.issuer],
    ['SHA-256', facts.sha256],
    ['valid', `${facts.notBefore.slice(0, 10)} to ${facts.notAfter.slice(0, 10)}`],
    ['key', facts.key],
    ['key id', facts.keyId ?? '-'],
  ]
}

/** `CN=Lab Root,O=Lab (key id ab12…), which issued CN=Lab Intermediate`. */
function missingText({issuer, keyId, aia, issued, heldBy}: MissingAuthority): string {
  const key = keyId === null ? '' : ` (key id ${keyId})`
  const source = aia[0] === undefined ? '' : `; its owner publishes it at ${aia[0]}`
  return `missing ${issuer}${key}, which issued ${issued}${heldBy === null ? source : `; ${heldByText(heldBy)}`}`
}

function heldByText(heldBy: 'system' | {ca: string}): string {
  if (heldBy === 'system') return "the system's store has it: a profile with --trust both finds it there"
  return `the CA ${heldBy.ca} has it: a profile that names both finds it there`
}

/** The day a certificate ends, with a colour when that is near or past. */
export function expiryCell(notAfter: string, now: number): Cell {
  const left = (Date.parse(notAfter) - now) / 86_400_000
  const day = notAfter.slice(0, 10)
  if (left < 0) return {text: `${day} (expired)`, as: 'bad'}
  return left < 30 ? {text: `${day} (${Math.floor(left)} days)`, as: 'warning'} : day
}
