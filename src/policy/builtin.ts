import {LEVELS, type Level, type Profile} from './profile.ts'

/**
 * What a profile of this level is when nothing else was said. With `ca` named, the caller
 * sets `trust` to `imported`: those CAs alone are trusted then.
 */
export function profileDefaults(level: Level): Omit<Profile, 'name'> {
  return {
    level,
    onFailure: 'tempfail',
    ca: [],
    trust: 'both',
    // Below `secure` a name that does not match is only reported, but it is reported under the same check.
    subject: [{kind: 'mx'}],
    minTls: '1.2',
    minStrength: 128,
    fallbackAfter: 1,
    dane: 'opportunistic',
    mtaSts: 'opportunistic',
    comment: null,
  }
}

/** The four level names are profiles that always exist and cannot be changed. */
export const BUILTIN_PROFILES: Record<Level, Profile> = Object.fromEntries(
  LEVELS.map((level) => [level, {name: level, ...profileDefaults(level)}]),
) as Record<Level, Profile>
