import {mkdir} from 'node:fs/promises'
import {join} from 'node:path'
import {printable} from '../mail/domain.ts'
import {Exit, PosternError} from '../mail/error.ts'
import type {ReceiverEvent} from '../smtp/receiver.ts'
import {CATALOGUE} from './catalogue.ts'
import type {LabPorts} from './host.ts'
import {Mailbox, type ReceivedMessage} from './mailbox.ts'
import {markSeen, writeOverrides} from './overrides.ts'
import {GROUPS, type Partner, type PartnerDeclaration} from './partner.ts'
import {LabPki} from './pki.ts'
import {subnets} from './subnet.ts'
import {LabWorld} from './world.ts'

export interface LabOptions {
  /** Where its CAs, the mail it receives and what is hijacked are kept. */
  dir: string
  /** SMTP port of every partner; default 2525. */
  port?: number
  /** Names or domains of the partners to start, or names of groups; default the group `story`. `all`: every one. */
  partners?: readonly string[] | 'all'
  observe?(event: LabEvent): void
}

export type LabEvent =
  | {type: 'query'; name: string; rrtype: number}
  | {type: 'session'; partner: string; event: ReceiverEvent}
  | {type: 'mail'; message: ReceivedMessage}

export interface Lab {
  /** `ip:port` of its DNS server. */
  dns: string
  /** An address of the lab that nobody uses, for the relay. */
  relayAddress: string
  ports: LabPorts
  /** What a person imports. */
  rootPem: string
  intermediatePem: string
  partners: Partner[]
  /** What the partner with this domain took. */
  received(domain: string): ReceivedMessage[]
  stop(): Promise<void>
}

/**
 * A mail world on loopback: DNS, CAs, and partners that work and partners that fail, each on an address of its own. The
 * partners are real receiving sessions with real certificates, so that what is rehearsed here is what happens outside.
 * Throws `lab-partner-unknown` (64) and `lab-no-address` (73).
 */
export async function startLab(options: LabOptions): Promise<Lab> {
  const declarations = chosenPartners(options.partners ?? [])
  await mkdir(options.dir, {recursive: true})
  await writeOverrides(options.dir, {})
  markSeen(options.dir, {})
  const pki = await LabPki.open(join(options.dir, 'pki'))
  const mailbox = await Mailbox.open(join(options.dir, 'mail'), (message) => options.observe?.({type: 'mail', message}))
  for (const subnet of subnets()) {
    const world = new LabWorld(options, subnet, mailbox)
    try {
      await world.start(declarations, pki)
    } catch (error) {
      await world.stop()
      if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw noAddress(error)
      continue
    }
    return {
      dns: `${subnet.dns.address}:${subnet.dns.port}`,
      relayAddress: subnet.relay,
      ports: world.ports,
      rootPem: pki.certificate('root'),
      intermediatePem: pki.certificate('intermediate'),
      partners: world.partners,
      received: (domain) => mailbox.received(domain),
      stop: () => world.stop(),
    }
  }
  throw noAddress(null)
}

/** The declarations with these names, domains or groups, in the order of the catalogue. Throws `lab-partner-unknown`. */
export function chosenPartners(names: readonly string[] | 'all'): readonly PartnerDeclaration[] {
  if (names === 'all') return CATALOGUE
  const chosen = names.length === 0 ? ['story'] : names
  const answers = ({name, domain, group}: PartnerDeclaration, text: string) => [name, domain, group].includes(text)
  for (const text of chosen) {
    if (CATALOGUE.some((one) => answers(one, text))) continue
    throw new PosternError('lab-partner-unknown', `the lab has no partner "${printable(text)}"`, {
      exit: Exit.usage,
      hints: ['postern lab list names them all', `groups: ${Object.keys(GROUPS).join(', ')}`],
    })
  }
  return CATALOGUE.filter((one) => chosen.some((text) => answers(one, text)))
}

function noAddress(cause: unknown): PosternError {
  const {code} = (cause ?? {}) as NodeJS.ErrnoException
  const why = code === undefined ? 'every one that was tried is taken' : code
  return new PosternError('lab-no-address', `the lab finds no loopback addresses to live at: ${why}`, {
    exit: Exit.cannotCreate,
    hints: [
      code === 'EADDRNOTAVAIL'
        ? 'this system answers on 127.0.0.1 alone; the lab needs all of 127.0.0.0/8, as Linux has it'
        : 'is a program listening on port 2525 or 5353 of all addresses? another port: postern lab start --port 3525',
    ],
    cause,
  })
}
