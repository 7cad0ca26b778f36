import {readFile} from 'node:fs/promises'
import {join} from 'node:path'
import {describe, expect, test} from 'vitest'
import {applyPolicy} from '../../src/app/policies.ts'
import {diffRules} from '../../src/app/rule-diff.ts'
import {ruleLine} from '../../src/cli/rule-text.ts'
import {scratch} from '../support/cli.ts'
import {rule} from '../support/rule.ts'

describe('a receiving rule that rejects', () => {
  test('is written, kept when it is applied again, and taken back by accept', async () => {
    await using place = await scratch()
    const world = {configDir: place.dir}
    const text = () => readFile(join(place.dir, 'policy.yaml'), 'utf8')
    const request = {profile: 'preferred', clients: ['192.0.2.0/24']}
    const made = await applyPolicy(world, {...request, action: 'reject'})
    expect(ruleLine(made.rule)).toBe('r1: receiving client 192.0.2.0/24 → reject')
    expect(await text()).toContain('action: reject')
    expect(await applyPolicy(world, {...request, id: 'r1'})).toMatchObject({
      change: 'unchanged',
      rule: {action: 'reject'},
    })
    expect((await applyPolicy(world, request)).change).toBe('unchanged')
    const accepted = await applyPolicy(world, {...request, id: 'r1', action: 'accept'})
    expect(accepted.change).toBe('updated')
    expect(accepted.rule).not.toHaveProperty('action')
    expect(await text()).not.toContain('action')
  })

  test('is refused for mail that goes out', async () => {
    await using place = await scratch()
    const request = {profile: 'preferred', recipients: ['example.mil'], action: 'reject' as const}
    await expect(applyPolicy({configDir: place.dir}, request)).rejects.toThrow(/cannot ask for the action/)
  })

  test('differs from one that does not', () => {
    const [plain, rejecting] = [rule('a'), rule('a', {action: 'reject'})]
    expect(diffRules([plain], [rejecting])).toEqual([
      {change: 'changed', id: 'a', fields: [{field: 'action', before: 'accept', after: 'reject'}]},
    ])
    expect(diffRules([plain], [rule('a', {action: 'accept'})])).toEqual([])
  })
})
