import {join} from 'node:path'
import type {Outcome} from '../../policy/evidence.ts'
import {LEVELS, type Level} from '../../policy/profile.ts'
import type {Teller} from './teller.ts'

/** One row of the closing table: what a partner got at each level. */
export interface PartnerRow {
  target: string
  trouble: string
  levels: Record<Level, Outcome>
  told: boolean
}

interface LabList {
  partners: {domain: string; address: string | null; trouble: string; levels: Record<Level, Outcome>}[]
}
interface ProbeReport {
  results: {target: string; levels: Record<Level, Outcome>}[]
}
interface QueueList {
  messages: {id: string; recipients: {status: string | null; attempts: number}[]}[]
}
interface LabMail {
  messages: {partner: string}[]
}

const TO = 'colonel@example.mil'
const FROM = 'ops@relay.example.org'

/**
 * The example.mil story, carried through every room: import the partner's CA, make a `secure` profile, apply it to
 * example.mil, probe, send, see it arrive over verified TLS; then an impostor answers, is refused, and nothing is lost.
 * `labDir` is the running lab's directory. Throws `StoryBroken` at the first thing that does not come out as told.
 */
export async function tellStory(teller: Teller, labDir: string): Promise<PartnerRow[]> {
  await trustThePartner(teller, labDir)
  await writeThePolicy(teller)
  await deliver(teller)
  await meetTheImpostor(teller)
  return everyPartner(teller)
}

async function trustThePartner(teller: Teller, labDir: string): Promise<void> {
  teller.chapter('Can mail to example.mil be sure of its way? Not yet: nobody here knows their CA.')
  await teller.command(['probe', 'example.mil', '--level', 'secure'], {exit: 1})
  teller.chapter("Import the CA that issued example.mil's certificate, with its intermediate.")
  const pki = (name: string) => join(labDir, 'pki', name)
  await teller.command(['ca', 'import', pki('root.pem'), pki('intermediate.pem'), '--name', 'mil'])
}

async function writeThePolicy(teller: Teller): Promise<void> {
  teller.chapter('A profile that demands TLS and a certificate of that CA, and a rule that applies it.')
  await teller.command(['profile', 'create', 'secure-mil', '--level', 'secure', '--ca', 'mil'])
  await teller.command(['policy', 'apply', 'example.mil', '--profile', 'secure-mil'])
  await teller.command(['policy', 'explain', TO])
  teller.chapter('Probe again: the same engine that will deliver says what it would do.')
  await teller.command(['probe', 'example.mil'])
}

async function deliver(teller: Teller): Promise<void> {
  teller.chapter('Start the relay and send a message.')
  await teller.command(['identity', 'create', 'default', '--hostname', 'relay.example.org'])
  await teller.command(['relay', 'start', '--detach'])
  await send(teller, 'The gate is open')
  await arrived(teller, 1)
  await teller.command(['relay', 'logs'], {
    check: ({stdout}) => (stdout.includes('tls=secure:verified') ? null : 'the log does not say tls=secure:verified'),
  })
}

async function meetTheImpostor(teller: Teller): Promise<void> {
  teller.chapter("An impostor takes over example.mil's MX: same name, a certificate of another CA.")
  await teller.command(['lab', 'hijack', 'example.mil', '--by', 'impostor'])
  await teller.command(['probe', 'example.mil'], {exit: 1})
  await send(teller, 'Not for the impostor')
  await teller.until<QueueList>(['queue', 'list'], isRefused, 'the relay to refuse the impostor')
  await teller.command(['queue', 'list'])
  teller.require(heldBy('impostor', await teller.ask<LabMail>(['lab', 'mail'])) === 0, 'the impostor got a message')
  teller.say('The impostor got nothing; the message waits.')
  teller.chapter('The right server is back. The message goes out: nothing was lost.')
  await teller.command(['lab', 'restore', 'example.mil'])
  await teller.command(['queue', 'retry'])
  await arrived(teller, 2)
}

async function everyPartner(teller: Teller): Promise<PartnerRow[]> {
  teller.chapter('Every partner of this lab, at every level.')
  const {partners: all} = await teller.ask<LabList>(['lab', 'list'])
  const partners = all.filter(({address}) => address !== null)
  const targets = partners.map((partner) => partner.domain)
  const {results} = await teller.ask<ProbeReport>(['probe', ...targets, '--level', 'secure', '--ca', 'mil'], [0, 1, 75])
  return partners.map(({domain, trouble, levels}) => {
    const seen = results.find((result) => result.target === domain)!.levels
    return {target: domain, trouble, levels: seen, told: LEVELS.every((level) => seen[level] === levels[level])}
  })
}

async function send(teller: Teller, subject: string): Promise<void> {
  await teller.command(['send', '--to', TO, '--from', FROM, '--subject', subject])
}

async function arrived(teller: Teller, count: number): Promise<void> {
  await teller.until<LabMail>(['lab', 'mail'], (mail) => heldBy('good', mail) >= count, 'the delivery')
  await teller.until<QueueList>(['queue', 'list'], (list) => list.messages.length === 0, 'an empty queue')
  teller.say(`example.mil has ${count === 1 ? 'the message' : 'both messages'}, and the queue is empty.`)
}

function heldBy(partner: string, mail: LabMail): number {
  return mail.messages.filter((message) => message.partner === partner).length
}

function isRefused(list: QueueList): boolean {
  return list.messages.some(({recipients}) => recipients.some((one) => one.attempts > 0 && one.status === '4.7.5'))
}
