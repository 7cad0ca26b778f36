import type {Rule} from '../../src/policy/profile.ts'

/** A delivery rule for everything at `secure`, changed where a test says so. */
export function rule(id: string, change: Partial<Rule> = {}): Rule {
  return {
    id,
    direction: 'delivery',
    recipients: [],
    senders: [],
    destinations: [],
    clients: [],
    profile: 'secure',
    mode: 'enforce',
    comment: null,
    ...change,
  }
}
