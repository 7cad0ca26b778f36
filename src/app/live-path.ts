import {MailAddress, mailDomainText, parseMailDomain} from '../mail/address.ts'
import {Domain} from '../mail/domain.ts'
import {Exit, type ExitCode} from '../mail/error.ts'
import {openMailPath} from '../path/open.ts'
import type {AttemptEvidence, AttemptVerdict, PathEvidence, PathVerdict} from '../policy/evidence.ts'
import {routeFor} from '../relay/route.ts'
import {loadConfiguration} from '../state/load.ts'
import {effectivePolicy} from './effective-policy.ts'
import {pathWorld} from './path-world.ts'
import {clientIdentity} from './relay-identity.ts'
import type {AppWorld} from './world.ts'

/** What the relay would meet right now, in the order in which it would try. */
export interface LivePath {
  /** A-labels, or a bracketed literal. */
  domain: string
  verdict: Omit<PathVerdict, 'attempts'>
  attempts: (AttemptEvidence & {verdict: AttemptVerdict})[]
  route: PathEvidence['route']
  /** 0: mail would pass; 1: refused; 75: could not look; 68: no mail host. */
  exit: ExitCode
}

/** A person waits for the answer, so steps get less time than the relay gives them. Milliseconds. */
const TIMEOUTS = {connect: 10_000, greeting: 30_000, command: 30_000, handshake: 20_000}
const DEADLINE = 60_000

/**
 * Opens the path that a mail from `sender` to `recipient` (an address, or a domain) would take, as the relay opens it, and
 * ends it with QUIT. Throws `address-invalid` (64) and what the configuration throws.
 */
export async function openLivePath(
  world: AppWorld,
  mail: {recipient: string; sender?: string | undefined},
): Promise<LivePath> {
  const config = await loadConfiguration(world.configDir)
  const policy = effectivePolicy(config)
  const identity = await clientIdentity(world.configDir, config.settings.tls)
  const domain = parseMailDomain(mail.recipient) ?? MailAddress.parse(mail.recipient).domain
  const sender = mail.sender === '<>' ? '' : (mail.sender ?? '')
  const path = await openMailPath(pathWorld(world, config.settings, {clientIdentity: identity, timeouts: TIMEOUTS}), {
    domain,
    route: routeFor(config.settings.routes, mailDomainText(domain)),
    profileFor: (address) => policy.delivery({recipient: mail.recipient, sender, address}).profile,
    visit: 'first',
    signal: AbortSignal.timeout(DEADLINE),
  })
  if (path.status === 'open') await path.session.quit()
  const {attempts: verdicts, ...verdict} = path.verdict
  const attempts = path.evidence.attempts.map((evidence, index) => ({...evidence, verdict: verdicts[index]!}))
  return {domain: mailDomainText(domain), verdict, attempts, route: path.evidence.route, exit: exitOf(path)}
}

/** The domain that a recipient pattern names outright; null for one that names many. */
export function namedDomain(pattern: string): string | null {
  return Domain.tryParse(pattern.slice(pattern.lastIndexOf('@') + 1))?.ascii ?? null
}

function exitOf({evidence, verdict}: {evidence: PathEvidence; verdict: PathVerdict}): ExitCode {
  if (verdict.fate === 'delivered') return Exit.ok
  const {failure} = evidence.route
  if (failure) return failure.kind.startsWith('dns-') ? Exit.tryAgain : Exit.noHost
  // None with an address, or none but ourselves: mail would go round.
  if (verdict.attempts.length === 0 && verdict.fate === 'bounced') return Exit.noHost
  return verdict.attempts.some(({outcome}) => outcome === 'refused') ? Exit.no : Exit.tryAgain
}
