import {opensslWords, shellWord} from '../path/by-hand.ts'
import type {AttemptEvidence, Finding} from '../policy/evidence.ts'
import type {SecondLook} from '../policy/remarks/second-look.ts'
import type {AddressResult} from '../report/probe-schema.ts'
import type {Alert} from '../smtp/tap-facts.ts'

type Failure = NonNullable<AddressResult['failure']>

/**
 * Where a look at one address came to grief: the stage, the reply in its own words, the code of the finding that says
 * it best and what to do. Null where nothing is an error and SMTP was reached.
 */
export function failureOf(
  attempt: AttemptEvidence,
  findings: readonly Finding[],
  {alerts, second}: {alerts: readonly Alert[]; second: SecondLook},
): Failure | null {
  const unreached = attempt.reach.status === 'unreachable'
  const errors = findings.filter(({severity}) => severity === 'error')
  const [worst] = unreached ? findings.filter(({code}) => code !== 'host-unreachable').concat(findings) : errors
  if (!worst) return null
  return {
    stage: stageOf(attempt, worst.code),
    reply: replyOf(attempt),
    alert: alertOf(alerts),
    code: worst.code,
    fix: worst.hint,
    reproduce: reproduce(attempt, second),
  }
}

function stageOf(attempt: AttemptEvidence, code: string): Failure['stage'] {
  const {reach, starttls, handshake, mode, timings} = attempt
  if (reach.status === 'unreachable') return lastStage(attempt) ?? reach.stage
  if (handshake?.status === 'completed') return code.startsWith('certificate-') ? 'certificate' : 'handshake'
  if (timings.ehloAfterTls !== undefined) return 'ehlo-after-tls'
  if (handshake || mode === 'implicit') return 'handshake'
  return starttls.advertised ? 'starttls' : 'ehlo'
}

/** Where a look ended that got as far as TLS, and says nothing of the peer; null: it did not get so far. */
function lastStage({mode, timings}: AttemptEvidence): Failure['stage'] | null {
  if (timings.ehloAfterTls !== undefined) return 'ehlo-after-tls'
  if (timings.handshake !== undefined) return mode === 'starttls' || timings.greeting === undefined ? 'handshake' : null
  return timings.starttls === undefined ? null : 'starttls'
}

/** The same look by hand. What is obsolete has to be asked for by name, at the level of security where it still exists. */
function reproduce(attempt: AttemptEvidence, {newest}: SecondLook): string {
  const old = newest === null ? [] : [OLD_VERSIONS[newest] ?? '-tls1', '-cipher', 'ALL:@SECLEVEL=0']
  return [...opensslWords(attempt), ...old.map(shellWord)].join(' ')
}

const OLD_VERSIONS: Record<string, string> = {SSLv3: '-ssl3', TLSv1: '-tls1', 'TLSv1.1': '-tls1_1'}

/** The last one is what it ended with. */
function alertOf(alerts: readonly Alert[]): string | null {
  const last = alerts.findLast(({level}) => level === 'fatal') ?? alerts.at(-1)
  return last ? `${last.from === 'us' ? 'we' : 'the peer'} sent ${last.name} (${last.number})` : null
}

function replyOf({reach, starttls}: AttemptEvidence): string | null {
  return reach.status === 'unreachable' ? reach.reply : starttls.reply
}
