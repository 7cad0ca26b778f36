import type {Rule} from '../policy/profile.ts'

/** One difference between two lists of rules. */
export type RuleChange =
  | {change: 'added' | 'removed'; id: string; rule: Rule}
  | {change: 'changed'; id: string; fields: {field: string; before: unknown; after: unknown}[]}
  /** Positions are counted from 1. */
  | {change: 'moved'; id: string; before: number; after: number}

/** Conditions that make a rule the rule it is; another profile for the same mail is a change of that rule. */
export type Conditions = Pick<Rule, 'direction' | 'recipients' | 'senders' | 'destinations' | 'clients' | 'mode'>

const LISTS = ['recipients', 'senders', 'destinations', 'clients'] as const

/** The order of a list's entries does not matter, nor does their case. */
export function sameConditions(one: Conditions, other: Conditions): boolean {
  const plain = (rule: Conditions) =>
    JSON.stringify([rule.direction, rule.mode, ...LISTS.map((key) => [...new Set(rule[key].map(fold))].sort())])
  return plain(one) === plain(other)
}

export function sameRule(one: Rule, other: Rule): boolean {
  return changedFields(one, other).length === 0
}

/** What turns `before` into `after`, rules being known by their ids. */
export function diffRules(before: readonly Rule[], after: readonly Rule[]): RuleChange[] {
  const old = new Map(before.map((rule) => [rule.id, rule]))
  const kept = new Set(after.map(({id}) => id))
  const removed = before
    .filter(({id}) => !kept.has(id))
    .map((rule) => ({change: 'removed' as const, id: rule.id, rule}))
  const others = after.flatMap((rule): RuleChange[] => {
    const was = old.get(rule.id)
    if (!was) return [{change: 'added', id: rule.id, rule}]
    const fields = changedFields(was, rule)
    return fields.length > 0 ? [{change: 'changed', id: rule.id, fields}] : []
  })
  return [...removed, ...others, ...movedRules(before, after)]
}

/** The fewest moves: what is outside a longest run of rules that kept their order. */
function movedRules(before: readonly Rule[], after: readonly Rule[]): RuleChange[] {
  const place = new Map(before.map(({id}, index) => [id, index]))
  const common = after.filter(({id}) => place.has(id))
  const stay = longestRising(common.map(({id}) => place.get(id)!))
  return common
    .filter(({id}) => !stay.has(place.get(id)!))
    .map(({id}) => ({change: 'moved', id, before: place.get(id)! + 1, after: after.findIndex((r) => r.id === id) + 1}))
}

function longestRising(values: number[]): Set<number> {
  const best: number[][] = []
  for (const value of values) {
    const longest = best.filter((run) => run.at(-1)! < value).sort((a, b) => b.length - a.length)[0] ?? []
    best.push([...longest, value])
  }
  return new Set(best.sort((a, b) => b.length - a.length)[0] ?? [])
}

function changedFields(before: Rule, after: Rule) {
  const keys = ['direction', ...LISTS, 'profile', 'action', 'mode', 'comment'] as const
  const [old, fresh] = [before, after].map((rule) => ({...rule, action: rule.action ?? 'accept'})) as [Rule, Rule]
  return keys
    .filter((key) => JSON.stringify(old[key]) !== JSON.stringify(fresh[key]))
    .map((field) => ({field, before: old[field], after: fresh[field]}))
}

function fold(text: string): string {
  // A regex is left alone: \D and \d are not the same.
  return text.startsWith('/') ? text : text.toLowerCase()
}
