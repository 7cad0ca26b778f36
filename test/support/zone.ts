import type {AddressInfo, Server} from 'node:net'
import dns2, {Packet} from 'dns2'
import {freePort} from './machine.ts'

export interface ZoneServer {
  /** `127.0.0.1:port`. */
  address: string
  /** What was asked: `UDP example.mil MX`. */
  asked: string[]
  stop(): Promise<unknown>
}

export interface ZoneOptions {
  /** Sets AD, as a validating resolver does. */
  authenticated?: boolean
}

interface UdpServer {
  listen(port: number, address: string): Promise<unknown>
}

interface Line {
  name: string
  ttl: number
  type: string
  data: string[]
}

/**
 * A DNS server on loopback, UDP and TCP, with this zone. One record a line: `name ttl type data`. A name below which
 * there is something exists; every other is NXDOMAIN. `name 0 FAIL rcode` answers with that rcode, `name 0 BOGUS` with SERVFAIL
 * unless CD is set; behind the rcode an extended error may stand (RFC 8914), `2 6 some text`. Case of names does not matter.
 */
export async function zoneServer(zone: string, options: ZoneOptions = {}): Promise<ZoneServer> {
  const lines = parse(zone)
  const asked: string[] = []
  let stopped: Promise<unknown> | undefined
  const server = dns2.createServer({
    udp: true,
    tcp: true,
    handle: (request, send, client) => {
      const transport = 'size' in (client as object) ? 'UDP' : 'TCP'
      const question = request.questions[0]!
      asked.push(`${transport} ${question.name} ${typeName(question.type)}`)
      send(answer(request, lines, options))
    },
  })
  await listen(server)
  const {port} = server.addresses().udp as AddressInfo
  return {
    address: `127.0.0.1:${port}`,
    asked,
    stop: () => (stopped ??= server.close()),
  }
}

/** Both transports on one port: UDP takes a free one, TCP the same; another try where that one is taken. */
async function listen(server: ReturnType<typeof dns2.createServer>): Promise<void> {
  const {udp, tcp} = (server as unknown as {servers: {udp: UdpServer; tcp: Server}}).servers
  for (let tries = 0; ; tries++) {
    const port = await freePort()
    try {
      await new Promise<void>((resolve, reject) => {
        tcp.once('error', reject)
        tcp.listen({port, host: '127.0.0.1'}, () => {
          tcp.off('error', reject)
          resolve()
        })
      })
      await udp.listen(port, '127.0.0.1')
      return
    } catch (error) {
      if (tries > 20) throw error
    }
  }
}

function parse(zone: string): Line[] {
  const rows = zone.split('\n').map((line) => line.trim())
  return rows.filter(Boolean).map((row) => {
    const [name, ttl, type, ...data] = row.split(/\s+/) as [string, string, string, ...string[]]
    return {name: name.toLowerCase(), ttl: Number(ttl), type, data}
  })
}

function answer(request: Packet, lines: Line[], options: ZoneOptions): Packet {
  const response = Packet.createResponseFromRequest(request)
  const {name, type} = request.questions[0]!
  Object.assign(response.header, {ra: 1, ad: options.authenticated ? 1 : 0})
  const failure = lines.find((line) => line.name === name.toLowerCase() && /FAIL|BOGUS/.test(line.type))
  const checked = (request.header as {cd?: number}).cd !== 1
  if (failure && (failure.type === 'FAIL' || checked)) {
    const [rcode = 2, code, ...text] = failure.data
    response.header.rcode = Number(rcode)
    if (code) {
      const error = Packet.Resource.EDNS.EDE(Number(code), text.join(' '))
      response.additionals = [Packet.Resource.EDNS([error]) as never]
    }
    return response
  }
  const {records, owner} = resolve(name, type, lines)
  response.answers = records as never
  if (records.length === 0 || records.every((record) => record.type !== type)) deny(response, owner, lines)
  return response
}

function resolve(name: string, type: number, lines: Line[]): {records: {type: number}[]; owner: string} {
  const records: {type: number}[] = []
  let owner = name.toLowerCase()
  for (let links = 0; links < 20; links++) {
    const here = lines.filter((line) => line.name === owner)
    const found = here.filter((line) => typeCode(line.type) === type)
    if (found.length > 0) return {records: [...records, ...found.map(toRecord)], owner}
    const alias = here.find((line) => line.type === 'CNAME')
    if (!alias) break
    records.push(toRecord(alias))
    owner = alias.data[0]!.toLowerCase()
  }
  return {records, owner}
}

function deny(response: Packet, owner: string, lines: Line[]): void {
  const exists = lines.some((line) => line.name === owner || line.name.endsWith(`.${owner}`))
  if (!exists) response.header.rcode = 3
  const soa = {primary: 'ns.test', admin: 'root.test', serial: 1, refresh: 1, retry: 1, expiration: 1, minimum: 60}
  response.authorities = [{name: 'test', type: 6, class: 1, ttl: 300, ...soa} as never]
}

function toRecord({name, ttl, type, data}: Line): {type: number} {
  const base = {name, ttl, type: typeCode(type), class: 1}
  const [first = '', second = ''] = data
  switch (type) {
    case 'MX':
      return {...base, priority: Number(first), exchange: second === '.' ? '' : second} as {type: number}
    case 'CNAME':
      return {...base, domain: first} as {type: number}
    case 'TXT':
      return {...base, data: data.map((text) => text.replaceAll('"', ''))} as {type: number}
    case 'TLSA':
      return {...base, data: Buffer.from([...data.slice(0, 3).map(Number), ...Buffer.from(data[3]!, 'hex')])} as never
    default:
      return {...base, address: first} as {type: number}
  }
}

const CODES: Record<string, number> = {A: 1, CNAME: 5, MX: 15, TXT: 16, AAAA: 28, TLSA: 52}

function typeCode(type: string): number {
  return CODES[type] ?? 0
}

function typeName(code: number): string {
  return Object.keys(CODES).find((name) => CODES[name] === code) ?? String(code)
}
