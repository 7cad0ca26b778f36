import type {Position} from './rule-position.ts'
import type {SetupAnswers, SetupResult} from './setup.ts'

/**
 * The commands that do the same, as lists of words, in an order in which they can be typed; those that would change
 * nothing are left out.
 */
export function setupCommands(
  answers: SetupAnswers,
  {ca, identity, profile, rule}: SetupResult,
  position: Position | undefined,
): string[][] {
  const {caFiles, domain, level, onFailure, hostname, profile: name} = answers
  const commands: (string[] | null)[] = [
    ca && ca.change !== 'unchanged' ? ['ca', 'import', ...caFiles, '--name', ca.name] : null,
    profile.change === 'created'
      ? ['profile', 'create', name, '--level', level, '--on-failure', onFailure, ...(ca ? ['--ca', ca.name] : [])]
      : null,
    rule.change !== 'unchanged' ? ['policy', 'apply', domain.ascii, '--profile', name, ...placed(position)] : null,
    identity.change === 'created'
      ? ['identity', 'create', identity.name, ...(hostname ? ['--hostname', hostname] : [])]
      : null,
    ['relay', 'start'],
    ['probe', domain.ascii],
  ]
  return commands.filter((command) => command !== null)
}

function placed(position: Position | undefined): string[] {
  if (position === undefined) return []
  if (typeof position === 'string') return [`--${position}`]
  return 'before' in position ? ['--before', position.before] : ['--after', position.after]
}
