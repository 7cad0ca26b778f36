import type {Configuration} from './configuration.ts'
import type {Sources} from './load.ts'
import {nearest} from './suggest.ts'

/** Throws (78) when a rule names a profile that is not there, or a profile a CA that is not: neither could be enforced. */
export function checkReferences({rules, profiles, cas}: Configuration, sources: Sources): void {
  for (const [index, rule] of rules.entries()) {
    if (profiles.has(rule.profile) || !sources.policy) continue
    const path = [...sources.policy.at(index), 'profile']
    const message = `expected an existing profile; there is no ${rule.profile}`
    throw sources.policy.file.complain(
      path,
      message,
      repair(rule.profile, profiles.keys(), `postern profile create ${rule.profile}`),
    )
  }
  for (const [name, file] of sources.profiles) {
    const missing = profiles.get(name)?.ca.find((ca) => !cas.has(ca))
    if (missing === undefined) continue
    const message = `expected an imported CA; there is no ${missing}`
    throw file.complain(['ca'], message, repair(missing, cas.keys(), `postern ca import FILE --name ${missing}`))
  }
}

function repair(name: string, known: Iterable<string>, command: string): string {
  const meant = nearest(name, known)
  return meant ? `did you mean ${meant}? Otherwise: ${command}` : command
}
