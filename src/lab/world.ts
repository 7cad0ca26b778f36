import {unwatchFile, watchFile} from 'node:fs'
import {join} from 'node:path'
import {CATALOGUE} from './catalogue.ts'
import {type LabDns, startDns} from './dns-server.ts'
import {LabHost, type LabPorts} from './host.ts'
import type {LabOptions} from './lab.ts'
import type {Mailbox} from './mailbox.ts'
import {markSeen, OVERRIDES_FILE, type Overrides, readOverrides} from './overrides.ts'
import {mxOf, type Partner, type PartnerDeclaration} from './partner.ts'
import type {LabPki} from './pki.ts'
import type {Subnet} from './subnet.ts'
import {Zone} from './zone.ts'

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
  readonly #hosts = new Map<string, LabHost>()
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
    for (const declaration of declarations) await this.#open(declaration, pki, zone)
    // Looked at in intervals: notification by the system can run out, and is not everywhere.
    watchFile(this.#overridesFile, {interval: LOOK_EVERY_MS}, this.#notice)
  }

  async stop(): Promise<void> {
    unwatchFile(this.#overridesFile, this.#notice)
    await Promise.all([this.#dns?.stop(), ...[...this.#hosts.values()].map((host) => host.stop())])
  }

  async #open(declaration: PartnerDeclaration, pki: LabPki, zone: Zone): Promise<void> {
    const {build, alsoFor = [], ...facts} = declaration
    const partner = {
      ...facts,
      mx: mxOf(declaration),
      address: this.#subnet.partner(CATALOGUE.indexOf(declaration)),
    }
    const behaviour = await build({pki, domain: partner.domain, mx: partner.mx})
    const host = new LabHost(
      partner.mx,
      behaviour,
      (client, envelope) => this.#mailbox.sink(partner, client, envelope),
      (event) => this.#options.observe?.({type: 'session', partner: partner.name, event}),
    )
    this.#hosts.set(partner.name, host)
    await host.listen(partner.address, this.ports)
    this.partners.push(partner)
    for (const domain of [partner.domain, ...alsoFor]) zone.add(domain, partner.mx)
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
      if (before !== this.#answering(owner, overrides)) this.#hosts.get(before.name)?.drop()
    }
    this.#overrides = overrides
    markSeen(this.#options.dir, overrides)
  }
}
