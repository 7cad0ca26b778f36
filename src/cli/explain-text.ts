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

/** Why each rule applies or does not, and which profile that leaves. */
export function traceLines({trace, rule}: Explanation): string[] {
  const lines = trace.map(({sentence}) => printable(sentence, 500))
  return rule ? lines : [...lines, 'no rule matches: the built-in profile preferred applies']
}
