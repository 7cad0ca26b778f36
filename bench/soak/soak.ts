import {setTimeout as sleep} from 'node:timers/promises'
import {type Account, Ledger} from './ledger.ts'
import {Traffic} from './traffic.ts'
import type {Sample, Soaked} from './verdict.ts'
import {type Holdings, SoakWorld} from './world.ts'

export interface SoakOptions {
  seconds: number
  clients: number
  /** Seconds between two looks. */
  every: number
  tell(line: string): void
}

/** Longest wait, seconds, for what is under way when the load ends to come to where it can be counted. */
const SETTLE = 90
/** The same for connections to be closed. */
const RELEASE = 20
const MIB = 1024 * 1024

/**
 * The relay under load in a mixed world, for so many seconds; then every 250 is accounted for. Messages that cannot be
 * delivered come to the end of their lives meanwhile, and their DSNs go out.
 */
export async function soak({seconds, clients, every, tell}: SoakOptions): Promise<Soaked> {
  const ledger = new Ledger()
  const world = await SoakWorld.start((message) => void ledger.take(message))
  try {
    await sleep(2_000)
    const idle = await world.holdings('gc')
    tell(`idle: RSS ${mib(idle.rss)}, heap ${mib(idle.heapUsed)}, ${idle.fds} fds, ${idle.handles} handles`)
    const {domains, user, ports} = world
    const addressed = {port: ports.starttls, implicitPort: ports.implicit, domains, home: 'example.mil'}
    const traffic = new Traffic({...addressed, clients, user, ledger})
    const samples = await watched(world, ledger, traffic, {seconds, every, tell})
    await traffic.stop()
    const account = await settled(world, ledger)
    const after = await released(world, idle)
    tell(`after: RSS ${mib(after.rss)}, heap ${mib(after.heapUsed)}, ${after.fds} fds, ${after.handles} handles`)
    return {samples, idle, after, account, exitCode: await world.stop()}
  } catch (error) {
    await world.stop()
    throw error
  }
}

async function watched(
  world: SoakWorld,
  ledger: Ledger,
  traffic: Traffic,
  {seconds, every, tell}: Omit<SoakOptions, 'clients'>,
): Promise<Sample[]> {
  const samples: Sample[] = []
  const begun = performance.now()
  for (let at = 0; at < seconds; ) {
    await sleep(every * 1000)
    at = (performance.now() - begun) / 1000
    const sample = {at, ...(await world.holdings())}
    samples.push(sample)
    const {queue, counters} = (await world.report())!
    tell(
      `${at.toFixed(0).padStart(4)} s  RSS ${mib(sample.rss)}  heap ${mib(sample.heapUsed)}  ${sample.fds} fds  ` +
        `${sample.handles} handles  queue ${queue?.messages} messages, ${queue?.due} due  ` +
        `${traffic.sessions} sessions, ${ledger.messages} in, ${ledger.deliveries} out, ${counters.sessions} on their way`,
    )
  }
  return samples
}

/** Looks until nothing is missing: what was just taken from the queue may not have been entered yet. */
async function settled(world: SoakWorld, ledger: Ledger): Promise<Account> {
  const end = performance.now() + SETTLE * 1000
  for (;;) {
    const queue = await world.queue()
    const account = ledger.account(queue)
    const quiet = account.lost.length === 0 && world.isSettled(queue)
    if (quiet || performance.now() > end) return account
    await sleep(500)
  }
}

/** What is still held once no partner holds on to a connection any more. */
async function released(world: SoakWorld, idle: Holdings): Promise<Holdings> {
  await world.stopLab()
  const end = performance.now() + RELEASE * 1000
  for (;;) {
    const held = await world.holdings('gc')
    if (held.fds <= idle.fds || performance.now() > end) return held
    await sleep(500)
  }
}

export function mib(octets: number): string {
  return `${(octets / MIB).toFixed(1)} MiB`
}
