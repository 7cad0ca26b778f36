import fc from 'fast-check'
import {expect, test} from 'vitest'
import type {AttemptEvidence} from '../../src/policy/evidence.ts'
import {judgePath} from '../../src/policy/judge.ts'
import {fleetOf, fleetSentence} from '../../src/policy/remarks/fleet.ts'
import {attempt, failedAttempt, pathOf, profileAt, unreachable} from '../support/evidence.ts'

const KINDS = {good: attempt, failed: (change: object) => failedAttempt(1, change), away: unreachable}
const clear = (change: object) =>
  attempt({starttls: {advertised: false, accepted: null, reply: null, injected: false}, handshake: null, ...change})

const fleet = fc
  .array(fc.tuple(fc.constantFrom('good', 'failed', 'away', 'clear'), fc.integer({min: 0, max: 2})), {
    minLength: 2,
    maxLength: 4,
  })
  .map((hosts) =>
    hosts
      .map(([kind, preference], i) => ({kind, preference, host: `mx${i + 1}.example.mil`, address: `127.0.0.${i + 2}`}))
      .sort((a, b) => a.preference - b.preference)
      .map(
        ({kind, ...change}): AttemptEvidence =>
          kind === 'clear' ? clear(change) : KINDS[kind as keyof typeof KINDS](change),
      ),
  )

const level = fc.constantFrom('preferred' as const, 'encrypt' as const, 'secure' as const)

/** What becomes of mail while these hosts are down. */
function whileDown(attempts: AttemptEvidence[], profile: ReturnType<typeof profileAt>, down: readonly string[]) {
  const seen = attempts.map((one) =>
    down.includes(one.host) ? unreachable({host: one.host, address: one.address, preference: one.preference}) : one,
  )
  return judgePath(pathOf(seen), () => profile)
}

test('what the sentence says of hosts that go down is what the judge says then', () => {
  fc.assert(
    fc.property(fleet, level, (attempts, at) => {
      const profile = profileAt(at, {onFailure: 'fail'})
      const path = pathOf(attempts)
      const verdict = judgePath(path, () => profile)
      const sentence = fleetSentence(
        fleetOf(
          path,
          verdict.attempts.map(({outcome}) => outcome),
        ),
      )
      if (sentence === null) return
      const names = (text: string | undefined) => text?.match(/mx\d\.example\.mil/g) ?? []
      const defers = names(
        /(?:if|only if) ([^;]*?) (?:is|are both|are all) down everything|everything defers only if ([^;]*) (?:is|are)/.exec(
          sentence,
        )?.[0],
      )
      if (defers.length > 0) {
        expect(whileDown(attempts, profile, defers).fate).toBe('deferred')
        for (const spared of defers) {
          expect(
            whileDown(
              attempts,
              profile,
              defers.filter((name) => name !== spared),
            ).fate,
          ).toBe('delivered')
        }
      }
      const weaker = /if ([^;]*) (?:is|are both|are all) down mail goes to (\S+)/.exec(sentence)
      if (weaker) {
        const passing = whileDown(attempts, profile, names(weaker[1])).attempts.findIndex(({outcome}) =>
          ['clear', 'tls', 'verified'].includes(outcome),
        )
        expect(attempts[passing]!.host).toBe(weaker[2])
      }
    }),
    {numRuns: 300},
  )
})

test('hosts that agree need no sentence', () => {
  const hosts = ['mx1', 'mx2'].map((name) => ({name, preference: 10, outcome: 'verified' as const}))
  expect(fleetSentence(hosts)).toBeNull()
  expect(fleetSentence(hosts.map((host) => ({...host, outcome: 'refused'})))).toBeNull()
})
