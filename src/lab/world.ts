import {unwatchFile, watchFile} from 'node:fs'
import {networkInterfaces} from 'node:os'
import {join} from 'node:path'
import {placeOf} from './catalogue.ts'
import {type LabDns, startDns} from './dns-server.ts'
import {LabHost, type LabPorts} from './host.ts'
import type {LabOptions} from './lab.ts'
import type {Mailbox} from './mailbox.ts'
import {markSeen, OVERRIDES_FILE, type Overrides, readOverrides} from './overrides.ts'
import {type Behaviour, factsOf, type Partner, type PartnerDeclaration, type ZoneSite} from './partner.ts'
import type {LabPki} from './pki.ts'
import type {Subnet} from './subnet.ts'
import {Zone, type ZoneEntry} from './zone.ts'

const SMTP_PORT = 2525
/** Implicit TLS listens this far below the SMTP port, as 465 is not 25 but belongs to it. */
const SMTPS_DISTANCE = 60
const LOOK_EVERY_MS = 100

/** Everything of a lab that listens, on one subnet. */
export class LabWorld {
  readonly ports: LabPorts
  readonly partners: Partner[] = []
  readonly #options: LabOptions
  readonly #subnet: Subnet
  readonly #mailbox: Mailbox
  readonly #hosts = new Map<string, LabHost[]>()
  #dns: LabDns | null = null
  readonly #notice = (): void => this.#takeOver()
  #overrides: Overrides = {}

  constructor(options: LabOptions, subnet: Subnet, mailbox: Mailbox) {
    const smtp = options.port ?? SMTP_PORT
    this.ports = {smtp, smtps: smtp - SMTPS_DISTANCE}
    this.#options = options
    this.#subnet = subnet
    this.#mailbox = mailbox
  }

  /** Throws what the system says when an address cannot be had; `stop()` then takes down what stands. */
  async start(declarations: readonly PartnerDeclaration[], pki: LabPki): Promise<void> {
    const zone = new Zone((host) => this.#addressOf(host))
    // DNS goes first: whoever has its address has the subnet.
    this.#dns = await startDns(this.#subnet.dns, zone, (name, rrtype) =>
      this.#options.observe?.({type: 'query', name, rrtype}),
    )
    const opened = await Promise.allSettled(declarations.map((declaration) => this.#open(declaration, pki, zone)))
    for (const one of opened) if (one.status === 'rejected') throw one.reason
    // As declared, whoever was ready first.
    const order = declarations.map(({name}) => name)
    this.partners.sort((a, b) => order.indexOf(a.name) - order.indexOf(b.name))
    // Looked at in intervals: notification by the system can run out, and is not everywhere.
    watchFile(this.#overridesFile, {interval: LOOK_EVERY_MS}, this.#notice)
  }

  async stop(): Promise<void> {
    unwatchFile(this.#overridesFile, this.#notice)
    await Promise.all([this.#dns?.stop(), ...[...this.#hosts.values()].flat().map((host) => host.stop())])
  }

  async #open(declaration: PartnerDeclaration, pki: LabPki, zone: Zone): Promise<void> {
    const {build, others = [], alsoFor = [], records = usualRecords, ipv6} = declaration
    const place = placeOf(declaration)
    if (ipv6 && !hasIpv6()) return
    const atLoopback = ipv6 === 'loopback'
    const addresses = atLoopback ? ['::1'] : [build, ...others].map((_, i) => this.#subnet.partner(place + i))
    const partner: Partner = {...factsOf(declaration), address: addresses[0]!}
    const site = {pki, domain: partner.domain, mx: partner.mx}
    const behaviours = await Promise.all([build, ...others].map((make) => make(site)))
    const hosts = behaviours.map((behaviour, i) => this.#host(partner, hostName(partner, i), behaviour))
    this.#hosts.set(partner.name, hosts)
    try {
      for (const [i, host] of hosts.entries()) await host.listen(addresses[i]!, this.ports)
    } catch (error) {
      if (!atLoopback) throw error
      return
    }
    this.partners.push(partner)
    for (const entry of records({domain: partner.domain, mx: partner.mx, addresses})) zone.add(entry)
    for (const name of alsoFor) zone.add({name, type: 'MX', preference: 10, exchange: partner.mx})
  }

  #host(partner: Partner, name: string, behaviour: Behaviour): LabHost {
    return new LabHost(
      name,
      behaviour,
      (client, envelope) => this.#mailbox.sink(partner, client, envelope),
      (event) => this.#options.observe?.({type: 'session', partner: partner.name, event}),
    )
  }

  get #overridesFile(): string {
    return join(this.#options.dir, OVERRIDES_FILE)
  }

  #addressOf(mx: string): string | null {
    const owner = this.partners.find((partner) => partner.mx === mx)
    return (owner && this.#answering(owner, readOverrides(this.#options.dir)).address) ?? null
  }

  #answering(owner: Partner, overrides: Overrides): Partner {
    return this.partners.find(({name}) => name === overrides[owner.domain]) ?? owner
  }

  /** Connections to a host that no longer answers for a domain break, or a kept one would hide the change. */
  #takeOver(): void {
    const overrides = readOverrides(this.#options.dir)
    for (const owner of this.partners) {
      const before = this.#answering(owner, this.#overrides)
      if (before !== this.#answering(owner, overrides))
        for (const host of this.#hosts.get(before.name) ?? []) host.drop()
    }
    this.#overrides = overrides
    markSeen(this.#options.dir, overrides)
  }
}

function hasIpv6(): boolean {
  return Object.values(networkInterfaces()).some((addresses) => addresses?.some(({family}) => family === 'IPv6'))
}

/** How it greets; hosts of one partner do not greet alike. */
function hostName({domain, mx}: Partner, place: number): string {
  return place === 0 ? mx : `mx${place + 1}.${domain}`
}

function usualRecords({domain, mx}: ZoneSite): ZoneEntry[] {
  return [
    {name: domain, type: 'MX', preference: 10, exchange: mx},
    {name: mx, type: 'A', address: null},
  ]
}
