import {describe, expect, test} from 'vitest'
import {networkContains, parseNetwork} from '../../src/policy/cidr.ts'
import {matchRules} from '../../src/policy/match.ts'
import {rule} from '../support/rule.ts'

const delivery = {
  direction: 'delivery',
  recipient: 'user@example.mil',
  sender: 'me@example.org',
  address: '127.0.0.2',
} as const

describe('matching', () => {
  test('takes the first enforcing rule in order and leaves the rest unread', () => {
    const rules = [rule('a', {recipients: ['other.example']}), rule('b', {recipients: ['example.mil']}), rule('c')]
    const match = matchRules(rules, delivery)
    expect(match.rule?.id).toBe('b')
    expect(match.trace.map(({rule: id, result}) => [id, result])).toEqual([
      ['a', 'not-matched'],
      ['b', 'matched'],
      ['c', 'not-reached'],
    ])
  })

  test('finds no rule where none matches', () => {
    expect(matchRules([rule('a', {recipients: ['other.example']})], delivery).rule).toBeNull()
    expect(matchRules([], delivery)).toEqual({rule: null, rehearsed: [], trace: []})
  })

  test('collects rehearsing rules on the way and goes on', () => {
    const rules = [
      rule('r1', {mode: 'rehearse'}),
      rule('r2', {mode: 'rehearse', senders: ['x.example']}),
      rule('e'),
      rule('r3', {mode: 'rehearse'}),
    ]
    const match = matchRules(rules, delivery)
    expect(match.rehearsed.map(({id}) => id)).toEqual(['r1'])
    expect(match.rule?.id).toBe('e')
    expect(match.trace.map(({result}) => result)).toEqual(['rehearsed', 'not-matched', 'matched', 'not-reached'])
  })

  test.each([
    [
      'recipients',
      {recipients: ['other.example', 'a@b.example']},
      'rule a does not match: recipient user@example.mil is not in other.example, a@b.example',
    ],
    ['senders', {senders: ['<>']}, 'rule a does not match: sender me@example.org is not in <>'],
    [
      'destinations',
      {destinations: ['10.0.0.0/8']},
      'rule a does not match: destination address 127.0.0.2 is not in 10.0.0.0/8',
    ],
    ['direction', {direction: 'receiving' as const}, 'rule a is for receiving, this is delivery'],
  ])('says why %s did not match', (condition, change, sentence) => {
    const [entry] = matchRules([rule('a', change)], delivery).trace
    expect(entry).toEqual({rule: 'a', profile: 'secure', result: 'not-matched', condition, sentence})
  })

  test('asks for every condition of a rule at once', () => {
    const strict = rule('a', {recipients: ['example.mil'], senders: ['example.org'], destinations: ['127.0.0.0/8']})
    expect(matchRules([strict], delivery).rule?.id).toBe('a')
    expect(matchRules([strict], {...delivery, sender: 'me@example.net'}).rule).toBeNull()
    expect(matchRules([strict], {...delivery, address: '192.0.2.1'}).rule).toBeNull()
  })

  test('knows the null sender by both of its spellings', () => {
    const bounce = rule('a', {senders: ['<>']})
    for (const sender of ['', '<>']) expect(matchRules([bounce], {...delivery, sender}).rule?.id).toBe('a')
    expect(matchRules([rule('a', {senders: ['example.org']})], {...delivery, sender: ''}).trace[0]?.sentence).toContain(
      'sender <>',
    )
  })

  test('does not guess what is not known: the rule stays undecided', () => {
    const match = matchRules([rule('a', {destinations: ['10.0.0.0/8']}), rule('b')], {...delivery, address: undefined})
    expect(match.trace[0]).toMatchObject({result: 'undecided', condition: 'destinations'})
    expect(match.rule?.id).toBe('b')
  })

  test('holds receiving rules against the client', () => {
    const receiving = rule('a', {direction: 'receiving', clients: ['192.0.2.0/24']})
    expect(matchRules([receiving], {direction: 'receiving', client: '192.0.2.7'}).rule?.id).toBe('a')
    expect(matchRules([receiving], {direction: 'receiving', client: '198.51.100.7'}).rule).toBeNull()
    expect(matchRules([receiving], delivery).rule).toBeNull()
  })
})

describe('a network', () => {
  test.each<[string, string, boolean]>([
    ['192.0.2.0/24', '192.0.2.255', true],
    ['192.0.2.0/24', '192.0.3.0', false],
    ['192.0.2.1', '192.0.2.1', true],
    ['192.0.2.0/24', '::ffff:192.0.2.9', true],
    ['::ffff:192.0.2.0/120', '192.0.2.9', true],
    ['::ffff:192.0.2.0/120', '192.0.3.9', false],
    ['::/0', '192.0.2.1', false],
    ['0.0.0.0/0', '::ffff:192.0.2.1', true],
    ['0.0.0.0/0', '2001:db8::1', false],
    ['2001:db8::/32', '2001:db8:ffff::1', true],
    ['fe80::/10', 'fe80::1%eth0', true],
    ['192.0.2.0/24', 'nonsense', false],
  ])('%s holds %s: %s', (network, address, held) => {
    expect(networkContains(parseNetwork(network), address)).toBe(held)
  })

  test.each([
    '',
    '/',
    '192.0.2.0/33',
    '192.0.2.0/-1',
    '192.0.2.0/24/1',
    '127.1',
    '0x7f.0.0.1',
    '010.0.0.1',
    '2001:db8::/129',
    'example.mil',
    '192.0.2.0/ 8',
  ])('is refused: "%s"', (text) => {
    expect(() => parseNetwork(text)).toThrow(expect.objectContaining({code: 'network-invalid', exit: 64}))
  })
})
