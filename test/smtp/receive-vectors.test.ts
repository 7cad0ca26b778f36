import {readFileSync} from 'node:fs'
import {afterAll, beforeAll, describe, expect, test} from 'vitest'
import {greeted, type House, openHouse, type RawClient} from './receive-support.ts'

// Lines from the tests of Stalwart smtp-proto, Haraka, go-smtp, aiosmtpd, mox and isemail, gathered as data.
interface Vector {
  cmd: 'MAIL' | 'RCPT'
  arg: string
  expect: 'accept' | 'reject' | 'either'
  smtputf8: boolean
}
const file = new URL('../vectors/smtp-syntax-any-reply.json', import.meta.url)
const vectors = JSON.parse(readFileSync(file, 'utf8')) as Vector[]

let house: House
let client: RawClient
beforeAll(async () => {
  house = await openHouse({limits: {errors: 1000}})
  client = await greeted(house.port)
})
afterAll(() => {
  client.close()
  return house.close()
})

describe('a command line of another project', () => {
  test.each(vectors)('$cmd $arg gets one reply ($expect), and the session stays in step', async (vector) => {
    const word = vector.cmd === 'MAIL' ? 'FROM' : 'TO'
    if (vector.cmd === 'RCPT') await client.ask('MAIL FROM:<>')
    const line = `${vector.cmd} ${word}:${vector.arg}${vector.smtputf8 ? ' SMTPUTF8' : ''}\r\n`
    const reply = await client.ask(Buffer.from(line, 'utf8'))
    expect(reply).toMatch(/^(250|50[0-5]|55[0-5]|45[0-2]) [245]\.\d\.\d /)
    if (vector.expect !== 'either') expect(reply.startsWith('250')).toBe(vector.expect === 'accept')
    expect(await client.ask('RSET')).toBe('250 2.0.0 OK')
    expect(client.rest).toBe('')
  })
})
