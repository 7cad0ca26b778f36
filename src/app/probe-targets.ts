import {mailDomainText, parseMailDomain} from '../mail/address.ts'
import {printable} from '../mail/domain.ts'
import {Exit, PosternError} from '../mail/error.ts'
import type {ProbeTarget} from './probe-domain.ts'

/** A domain or an address literal. Throws `target-invalid` (64); `where` says in which file it stands. */
export function probeTarget(text: string, where = ''): ProbeTarget {
  const domain = parseMailDomain(text)
  if (domain) return {text: mailDomainText(domain), domain}
  throw new PosternError('target-invalid', `${where}"${printable(text)}" is not a domain`, {
    exit: Exit.usage,
    hints: [hintFor(text)],
  })
}

function hintFor(text: string): string {
  const at = text.lastIndexOf('@')
  const domain = at >= 0 && parseMailDomain(text.slice(at + 1))
  if (domain) return `a probe looks at a whole domain: postern probe ${mailDomainText(domain)}`
  return 'a target looks like example.mil; an address literal like [192.0.2.1]'
}

/** Each domain once, in the order in which it was named first. */
export function distinctTargets(targets: readonly ProbeTarget[]): ProbeTarget[] {
  return [...new Map(targets.map((target) => [target.text, target])).values()]
}
