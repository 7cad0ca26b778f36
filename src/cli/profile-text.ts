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
    ['trust', profile.trust],
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
