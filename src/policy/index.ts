/**
 * Profiles, rules and the judge. Pure: evidence and profile in, verdict out. The same recorded evidence therefore
 * answers what happened, what would happen at another level, and what a new policy would do.
 */
export * from './evidence.ts'
export * from './profile.ts'
