import {printable} from '../mail/domain.ts'
import type {Fate, Outcome} from '../policy/evidence.ts'
import type {Explanation, Prediction} from '../policy/explain.ts'
import type {Shade} from './colour.ts'
import type {Cell} from './tables.ts'

export const PREDICTION_HEAD = ['when this is seen', 'outcome', 'the mail is', 'status']

export const OUTCOME_SHADE: Record<Outcome, Shade> = {
  verified: 'good',
  tls: 'good',
  clear: 'warning',
  refused: 'bad',
  unreachable: 'faint',
}

const FATE_SHADE: Record<Fate, Shade> = {delivered: 'good', deferred: 'warning', bounced: 'bad'}

export function predictionRow({title, failures, outcome, fate, status}: Prediction): Cell[] {
  const seen = failures > 1 ? `${title} (${failures} times in a row)` : title
  return [seen, {text: outcome, as: OUTCOME_SHADE[outcome]}, {text: fate, as: FATE_SHADE[fate]}, status ?? '']
}

/** Why each rule applies or does not, and which profile that leaves. Rules after the one that matched are one line. */
export function traceLines({trace, rule}: Explanation): string[] {
  const later = trace.filter(({result}) => result === 'not-reached')
  const told = later.length > 1 ? trace.filter(({result}) => result !== 'not-reached') : trace
  const lines = told.map(({sentence}) => printable(sentence, 500))
  if (!rule) return [...lines, 'no rule matches: the built-in profile preferred applies']
  return later.length > 1
    ? [...lines, `${later.length} later rules are not reached: rule ${rule.id} matched first`]
    : lines
}

const FLAG: Record<string, string> = {senders: '--from A', destinations: '--destination IP', clients: '--client IP'}

/** What to type to learn what the rules that could not be decided would do; null: every rule before the answer was. */
export function undecidedHint({
  trace,
  input,
}: Pick<Explanation, 'trace'> & {input: {direction: string}}): string | null {
  const asked = trace.filter(({result}) => result === 'undecided').flatMap(({condition}) => FLAG[condition ?? ''] ?? [])
  if (asked.length === 0) return null
  const live = input.direction === 'delivery' ? ', or ask the network: --live' : ''
  return `a rule that could not be decided may choose otherwise; say more: ${[...new Set(asked)].join(' ')}${live}`
}
