import {mkdir, writeFile} from 'node:fs/promises'
import {connect} from 'node:net'
import {join} from 'node:path'
import {setTimeout as sleep} from 'node:timers/promises'
import {lookAt, openProber, type ProbeOptions} from '../../src/app/probe-domain.ts'
import {probeTarget} from '../../src/app/probe-targets.ts'
import type {AppWorld} from '../../src/app/world.ts'
import type {ProbeResult} from '../../src/report/probe-schema.ts'
import {scratch} from './cli.ts'
import {type Peer, type PeerScript, peer} from './peer.ts'
import {type ZoneServer, zoneServer} from './zone.ts'

export interface ProbeBench extends AsyncDisposable {
  dns: ZoneServer
  peers: Peer[]
  /** Where the first peer listens; 1 without any. */
  port: number
  world: AppWorld
  probe(target: string, options?: ProbeOptions): Promise<ProbeResult>
}

/**
 * A probe in this process, with a real DNS server and real peers. Addresses of the zone may be any: what is not on
 * loopback is dialled at the port of loopback that `at` names, and refused where it names none.
 */
export async function probeBench(
  zone: string,
  scripts: PeerScript[] = [],
  setting: {at?: Record<string, number>; world?: Partial<AppWorld>; smtp?: number} = {},
): Promise<ProbeBench> {
  const dns = await zoneServer(zone)
  const peers: Peer[] = []
  for (const script of scripts) peers.push(await peer({port: peers[0]?.port ?? 0, address: '127.0.0.2', ...script}))
  const port = setting.smtp ?? peers[0]?.port ?? 1
  const temporary = await scratch()
  await mkdir(join(temporary.dir, 'config'))
  const settings = `hostname: relay.example.org\ndns: {servers: ["${dns.address}"]}\nports: {smtp: ${port}, smtps: ${port === 65_535 ? 1 : port + 1}}\n`
  await writeFile(join(temporary.dir, 'config', 'relay.yaml'), settings)
  const world: AppWorld = {
    configDir: join(temporary.dir, 'config'),
    dataDir: join(temporary.dir, 'data'),
    now: () => Date.now(),
    random: () => 0.5,
    sleep: (ms, signal) => sleep(ms, undefined, {signal}),
    dial: (address, at) => {
      const mapped = setting.at?.[`${address}:${at}`]
      if (mapped !== undefined) return connect({host: '127.0.0.1', port: mapped})
      const local = address.startsWith('127.') || address === '::1'
      return connect({host: local ? address : '127.0.0.1', port: local ? at : 1})
    },
    ...setting.world,
  }
  return {
    dns,
    peers,
    port,
    world,
    probe: async (target, options = {}) => lookAt(await openProber(world, options), probeTarget(target)),
    [Symbol.asyncDispose]: async () => {
      for (const one of peers) await one.stop()
      await dns.stop()
      await temporary[Symbol.asyncDispose]()
    },
  }
}

/** Codes of all findings, of the route and of each address. */
export function codesOf({findings, hosts}: ProbeResult): string[] {
  const own = hosts.flatMap(({addresses}) => addresses.flatMap((address) => address.findings))
  return [...findings, ...own].map(({code}) => code)
}

export function findingOf(result: ProbeResult, code: string) {
  const own = result.hosts.flatMap(({addresses}) => addresses.flatMap((address) => address.findings))
  return [...result.findings, ...own].find((item) => item.code === code)
}
