import type {Outcome} from '../../policy/evidence.ts'
import {LEVELS, type Level} from '../../policy/profile.ts'
import type {ProbeResult} from '../probe-schema.ts'
import {html, type Markup} from './markup.ts'

type Levels = ProbeResult['levels']

const SIGN: Record<Outcome, string> = {verified: '✓', tls: '•', clear: '○', refused: '✗', unreachable: '?'}
const WORD: Record<Outcome, string> = {
  ...{verified: 'verified', tls: 'TLS', clear: 'clear text', refused: 'refused', unreachable: 'not reached'},
}

/** The outcome at each level, the level in force marked. `now`: what the relay would do, said where it differs. */
export function levelCells(outcomes: Levels, inForce: Level, now: Levels = outcomes): Markup {
  const cells = LEVELS.map((level) => {
    const mark = level === inForce ? ' in-force' : ''
    const differs = now[level] === outcomes[level] ? null : html`<small>now: ${outcomeWords(now[level])}</small>`
    return html`<div class="${shadeOf(level, outcomes[level])}${mark}"><dt>${level}</dt><dd>${outcomeWords(outcomes[level])}${differs}</dd></div>`
  })
  return html`<dl class="levels">${cells}</dl>`
}

// Clear text is what level none is for, and no alarm.
function shadeOf(level: Level, outcome: Outcome): string {
  return level === 'none' && outcome === 'clear' ? 'plain' : outcome
}

function outcomeWords(outcome: Outcome): string {
  return `${SIGN[outcome]} ${WORD[outcome]}`
}
