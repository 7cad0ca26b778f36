import type {RuleChange} from '../app/rule-diff.ts'
import {printable} from '../mail/domain.ts'
import type {Rule} from '../policy/profile.ts'
import type {Cell} from './tables.ts'

/** What a rule speaks of, a line each: `example.mil`, `from *@example.org`, `at 192.0.2.0/24`. */
export function conditionLines(rule: Rule): string[] {
  const said = [
    ...rule.recipients,
    ...rule.senders.map((text) => `from ${text}`),
    ...rule.destinations.map((text) => `at ${text}`),
    ...rule.clients.map((text) => `client ${text}`),
  ]
  return said.length > 0 ? said : ['everything']
}

/** The profile; or that nothing is taken, where the profile does not matter. */
function outcomeOf(rule: Rule): string {
  return rule.action === 'reject' ? 'reject' : rule.profile
}

/** One line: `r1: example.mil → secure-mil`. */
export function ruleLine(rule: Rule): string {
  const direction = rule.direction === 'receiving' ? 'receiving ' : ''
  const mode = rule.mode === 'rehearse' ? ' (rehearsal)' : ''
  return printable(`${rule.id}: ${direction}${conditionLines(rule).join(', ')} → ${outcomeOf(rule)}${mode}`, 500)
}

export const RULE_HEAD = ['rule', 'direction', 'mail', 'profile', 'mode', 'comment']

export function ruleRow(rule: Rule): Cell[] {
  const mode: Cell = rule.mode === 'rehearse' ? {text: 'rehearse', as: 'faint'} : rule.mode
  return [
    {text: rule.id, as: 'strong'},
    rule.direction,
    conditionLines(rule),
    outcomeOf(rule),
    mode,
    rule.comment ?? '',
  ]
}

/** One line for each difference, `+`, `-`, `~` or `>` (moved) first. */
export function changeLine(change: RuleChange): string {
  switch (change.change) {
    case 'added':
      return `+ ${ruleLine(change.rule)}`
    case 'removed':
      return `- ${ruleLine(change.rule)}`
    case 'moved':
      return `> ${change.id}: from place ${change.before} to ${change.after}`
    case 'changed': {
      const fields = change.fields.map(({field, before, after}) => `${field} ${text(before)} → ${text(after)}`)
      return printable(`~ ${change.id}: ${fields.join('; ')}`, 500)
    }
  }
}

function text(value: unknown): string {
  if (Array.isArray(value)) return value.length > 0 ? value.join(', ') : 'everything'
  return value === null ? 'nothing' : String(value)
}
