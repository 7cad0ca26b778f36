import {Flags} from '@oclif/core'
import type {Position} from '../app/rule-position.ts'

const PLACES = ['before', 'after', 'first', 'last']

/** Where a rule goes; at most one of them. */
export const positionFlags = {
  before: Flags.string({description: 'put it before this rule', helpValue: 'ID', exclusive: others('before')}),
  after: Flags.string({description: 'put it after this rule', helpValue: 'ID', exclusive: others('after')}),
  first: Flags.boolean({description: 'put it before all others', exclusive: others('first')}),
  last: Flags.boolean({description: 'put it after all others', exclusive: others('last')}),
}

/** undefined: no flag was given. */
export function positionOf(flags: {
  before?: string | undefined
  after?: string | undefined
  first?: boolean
  last?: boolean
}): Position | undefined {
  if (flags.before !== undefined) return {before: flags.before}
  if (flags.after !== undefined) return {after: flags.after}
  if (flags.first) return 'first'
  return flags.last ? 'last' : undefined
}

function others(flag: string): string[] {
  return PLACES.filter((place) => place !== flag)
}
