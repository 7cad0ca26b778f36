/**
 * The judge: docs/outcomes.md as pure functions from evidence and profile to a verdict. `problem.ts` holds the table, `demand.ts`
 * says who asks for what (the profile, DANE, MTA-STS, REQUIRETLS), `judge-attempt.ts` settles one attempt and
 * `judge-path.ts` the fate of a recipient. The same recorded evidence therefore answers what happened, what would happen
 * at another level, and what a new policy would do.
 */
export {judgeAttempt} from './judge-attempt.ts'
export {judgePath} from './judge-path.ts'
