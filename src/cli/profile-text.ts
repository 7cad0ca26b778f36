import type {Profile} from '../policy/profile.ts'
import {profileDocument} from './profile-flags.ts'
import type {Cell} from './tables.ts'

/** A profile in full, by the names of its flags. */
export function profileFacts(profile: Profile): [string, Cell][] {
  const {subject} = profileDocument(profile)
  return [
    ['profile', {text: profile.name, as: 'strong'}],
    ['level', profile.level],
    ['on failure', profile.onFailure],
    ['ca', profile.ca.length > 0 ? profile.ca : 'none named'],
    ['trust', trustWords(profile)],
    ['subject', subject],
    ['min tls', profile.minTls],
    ['min strength', `${profile.minStrength} bits`],
    ['fallback after', fallback(profile)],
    ['dane', profile.dane],
    ['mta-sts', profile.mtaSts],
    ...(profile.comment ? [['comment', profile.comment] as [string, Cell]] : []),
  ]
}

function fallback({level, fallbackAfter}: Profile): string {
  if (level !== 'preferred') return `${fallbackAfter} (counts at level preferred only)`
  return fallbackAfter === 'never' ? 'never' : `${fallbackAfter} failed ${fallbackAfter === 1 ? 'attempt' : 'attempts'}`
}

/** What the pair of --trust and --ca comes to: two words alone do not say that `imported` without a name means all of them. */
function trustWords({trust, ca}: Pick<Profile, 'trust' | 'ca'>): string {
  const named = ca.length > 0
  if (trust === 'system')
    return named ? "system: the system's store, by way of a named CA" : "system: the system's store"
  if (trust === 'imported') return named ? 'imported: the named CAs alone' : 'imported: every imported CA, no other'
  return named ? "both: the system's store too, by way of a named CA" : "both: every imported CA and the system's store"
}
