import {describe, expect, test} from 'vitest'
import type {RecipientOptions} from '../../src/mail/envelope.ts'
import type {Lease} from '../../src/queue/store.ts'
import type {RecipientFate} from '../../src/relay/fate.ts'
import {settlement} from '../../src/relay/settle.ts'
import {AT, refused, rejected, taken} from './dsn-support.ts'

const HOUR = 3_600_000
const queue = {retry: HOUR / 2, retryMax: 4 * HOUR, warnAfter: 4 * HOUR, lifetime: 120 * HOUR, dsnLifetime: 120 * HOUR}
const waiting: RecipientFate = {
  ...refused,
  result: 'deferred',
  status: '4.7.5',
  reason: `${refused.findings[0]!.message}; the mail waits`,
}

interface Case {
  hours: number
  fates: RecipientFate[]
  warned?: boolean
  reversePath?: string
}

async function settle({hours, fates, warned = false, reversePath = 'ops@example.org'}: Case) {
  const recipients = fates.map(({id, address, options}) => ({id, address, options, attempts: 3, warned}))
  const message = {reversePath, options: {}, receivedAt: AT - hours * HOUR, size: 9, origin: 'test'}
  const lease: Lease = {messageId: 'Q1', destination: 'example.mil', recipients, token: 1, expiresAt: AT, message}
  const body = async function* () {
    yield Buffer.from('Subject: t\r\n\r\nbody\r\n')
  }
  const snapshot = {hostname: 'relay.example.org', queue}
  return settlement({lease, snapshot, at: AT, random: () => 0.5, body, salvage: body}, fates)
}

const wishing = (fate: RecipientFate, notify?: RecipientOptions['notify']): RecipientFate => ({
  ...fate,
  options: notify ? {notify} : {},
})
const kinds = ({dsns}: Awaited<ReturnType<typeof settle>>) => dsns.map(({kind}) => kind)

describe('a settlement', () => {
  test.each<[string, Case, string[]]>([
    ['is silent before the warning is due', {hours: 3, fates: [waiting]}, []],
    ['warns when it is due', {hours: 4, fates: [waiting]}, ['delayed']],
    ['warns once', {hours: 9, fates: [waiting], warned: true}, []],
    ['warns where NOTIFY has DELAY', {hours: 4, fates: [wishing(waiting, ['delay'])]}, ['delayed']],
    ['does not warn where NOTIFY has it not', {hours: 4, fates: [wishing(waiting, ['failure', 'success'])]}, []],
    ['does not warn the null sender', {hours: 4, fates: [waiting], reversePath: ''}, []],
    ['returns the mail when its life ends', {hours: 120, fates: [waiting], warned: true}, ['failed']],
    ['drops a DSN when its life ends', {hours: 120, fates: [waiting], reversePath: ''}, []],
    ['tells of failures of one time in one DSN', {hours: 1, fates: [refused, rejected]}, ['failed']],
    ['tells nobody of a plain success', {hours: 1, fates: [taken]}, []],
    ['tells of relaying to a host without DSN', {hours: 1, fates: [wishing(taken, ['success'])]}, ['relayed']],
    ['leaves it to a host with DSN', {hours: 1, fates: [{...wishing(taken, ['success']), dsnHandedOn: true}]}, []],
    [
      'tells of each action in a DSN of its own',
      {hours: 5, fates: [rejected, {...waiting, id: 4}, wishing(taken, ['success'])]},
      ['failed', 'delayed', 'relayed'],
    ],
  ])('%s', async (_, made, expected) => {
    expect(kinds(await settle(made))).toEqual(expected)
  })

  test('marks who was warned, so that it is not done again', async () => {
    const {settlement: made} = await settle({hours: 4, fates: [waiting, {...wishing(waiting, ['failure']), id: 5}]})
    expect(made.recipients.map(({warned}) => warned)).toEqual([true, undefined])
  })

  test('names the recipients of an action and no others', async () => {
    const {settlement: made} = await settle({
      hours: 1,
      fates: [refused, rejected, wishing({...rejected, id: 9, address: 'other@example.mil'}, ['never'])],
    })
    const text = made.dsns[0]!.body.toString()
    expect(text.match(/^Final-Recipient: .*$/gm)).toEqual([
      'Final-Recipient: rfc822; colonel@example.mil',
      'Final-Recipient: rfc822; nobody@example.mil',
    ])
  })

  test.each([
    ['ops@example.org', /; the mail is returned$/],
    ['', /; the null sender is told nothing$/],
  ])('says in the log whether the mail of <%s> that the policy refuses is returned', async (reversePath, reason) => {
    const {fates} = await settle({hours: 1, fates: [refused], reversePath})
    expect(fates[0]!.reason).toMatch(reason)
  })

  test.each([
    ['ops@example.org', /names mx\.evil\.example, not mx1\.example\.mil; no more time to try$/],
    ['', /; no more time to try, and the null sender is told nothing$/],
  ])('says in the log why the mail of <%s> ended', async (reversePath, reason) => {
    const {fates} = await settle({hours: 120, fates: [waiting], reversePath})
    expect(fates[0]).toMatchObject({result: 'bounced', status: '5.7.5', reason: expect.stringMatching(reason)})
  })
})
