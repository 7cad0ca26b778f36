import {printable} from '../mail/domain.ts'
import {Exit, PosternError} from '../mail/error.ts'
import {ruleCovers} from '../policy/cover.ts'
import type {Rule} from '../policy/profile.ts'
import {nearest} from '../state/suggest.ts'

/** Where a rule goes. */
export type Position = {before: string} | {after: string} | 'first' | 'last'

/** Throws `rule-unknown` (66), with the id that was probably meant. */
export function findRule(rules: readonly Rule[], id: string): Rule {
  const rule = rules.find((other) => other.id === id)
  if (rule) return rule
  const meant = nearest(
    id,
    rules.map((other) => other.id),
  )
  throw new PosternError('rule-unknown', `there is no rule ${printable(id)}`, {
    exit: Exit.missing,
    hints: [meant ? `did you mean ${meant}?` : 'postern policy list shows them all'],
  })
}

/**
 * The rules with `rule` among them, in the place of the one with its id or at `position`. A new rule goes last; one that
 * rehearses goes before the enforcing rule that would hide it, because rehearsing beside that rule is what it is for.
 */
export function placeRule(rules: readonly Rule[], rule: Rule, position?: Position): Rule[] {
  const index = rules.findIndex(({id}) => id === rule.id)
  if (index >= 0 && position === undefined) return rules.with(index, rule)
  const others = rules.filter(({id}) => id !== rule.id)
  return others.toSpliced(indexOf(others, rule, position ?? defaultPosition(others, rule)), 0, rule)
}

function defaultPosition(others: readonly Rule[], rule: Rule): Position {
  if (rule.mode === 'enforce') return 'last'
  const hiding = others.find((other) => other.mode === 'enforce' && ruleCovers(other, rule))
  return hiding ? {before: hiding.id} : 'last'
}

function indexOf(others: readonly Rule[], rule: Rule, position: Position): number {
  if (position === 'first') return 0
  if (position === 'last') return others.length
  const [anchor, step] = 'before' in position ? [position.before, 0] : [position.after, 1]
  if (anchor === rule.id) throw besideItself(anchor)
  return others.indexOf(findRule(others, anchor)) + step
}

function besideItself(id: string): PosternError {
  return new PosternError('position-invalid', `rule ${id} cannot stand before or after itself`, {
    exit: Exit.usage,
    hints: ['name another rule, or use --first or --last'],
  })
}
