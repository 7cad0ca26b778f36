import {printable} from '../../mail/domain.ts'
import type {AttemptEvidence, Finding} from '../evidence.ts'
import {finding} from '../findings.ts'

/** Several hosts that greet with one text which names none of them: a proxy may answer in their place. */
export function sameBanner(attempts: readonly AttemptEvidence[]): Finding[] {
  const greeted = attempts.filter(({banner}) => banner !== null)
  const banner = greeted[0]?.banner ?? ''
  const hosts = new Set(greeted.map(({host}) => host))
  const addresses = new Set(greeted.map(({address}) => address))
  if (hosts.size < 2 || addresses.size < 2 || greeted.some((attempt) => attempt.banner !== banner)) return []
  const words = banner.toLowerCase().split(/[\s-]+/)
  const named = [...hosts].some((host) => words.includes(host) || words.some((word) => isBelowSameDomain(word, host)))
  if (named) return []
  const message = `${[...hosts].join(' and ')} greet alike, and as neither of them: "${printable(banner)}"`
  return [finding('same-banner-everywhere', message, 'see whether a proxy in this network answers for port 25')]
}

/** A farm of hosts in one domain may well share a banner of that domain. */
function isBelowSameDomain(word: string, host: string): boolean {
  const domain = host.split('.').slice(-2).join('.')
  return word === domain || word.endsWith(`.${domain}`)
}
