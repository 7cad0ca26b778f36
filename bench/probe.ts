/**
 * Probes a second over the lab, against a bare loop that connects, says EHLO and STARTTLS, makes the handshake and says
 * QUIT, over the same partners in the same run. The lab is another process, so that one thread, and with it one core,
 * is all that either side has. A probe asks DNS besides, reads the wire, explains the chain and judges it at five
 * profiles. `node bench/probe.ts [SECONDS]`. Absolute numbers are the machine's; the ratios are ours: one by the clock, one by
 * processor time, which neighbours on the machine do not change.
 */
import {fork} from 'node:child_process'
import {mkdirSync, mkdtempSync, rmSync, writeFileSync} from 'node:fs'
import {connect, type Socket} from 'node:net'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {setTimeout as sleep} from 'node:timers/promises'
import {createSecureContext, type SecureContext, connect as startTls} from 'node:tls'
import {fileURLToPath} from 'node:url'
import {lookAt, openProber, type Prober} from '../src/app/probe-domain.ts'
import {probeTarget} from '../src/app/probe-targets.ts'
import {startLab} from '../src/lab/lab.ts'

const ROUNDS = 5
/** Partners in order that answer at once, at one address each. */
const NAMES = [
  'good',
  'wildcard',
  'upper-case',
  'name-constraints-met',
  'root-sent',
  'tls12-only',
  'tls13-only',
  'aes128',
]

interface Served {
  dns: string
  ports: {smtp: number; smtps: number}
  ca: string[]
  partners: {domain: string; mx: string; address: string}[]
}

const [role = '2', dir = ''] = process.argv.slice(2)
if (role === 'lab') await serve(dir)
else await compare(Number(role))

async function serve(dir: string): Promise<void> {
  const {dns, ports, rootPem, intermediatePem, partners} = await startLab({dir, partners: NAMES, port: 2925})
  const served: Served = {dns, ports, ca: [rootPem, intermediatePem], partners}
  process.send!(served)
  process.once('disconnect', () => process.exit())
}

async function compare(seconds: number): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), 'postern-bench-'))
  const lab = fork(fileURLToPath(import.meta.url), ['lab', join(dir, 'lab')])
  try {
    const served = await new Promise<Served>((resolve) => lab.once('message', (message) => resolve(message as Served)))
    console.log('at once   probes/s   bare loop/s   ratio   ms of CPU: probe   bare loop   ratio')
    for (const atOnce of [1, 8]) await compareAt(atOnce, served, {dir, seconds})
  } finally {
    lab.kill()
    rmSync(dir, {recursive: true})
  }
}

/** The two in turns, so that a machine that slows down does so for both; the medians of the rounds. */
async function compareAt(atOnce: number, lab: Served, at: {dir: string; seconds: number}): Promise<void> {
  const prober = await proberFor(lab, at.dir, atOnce)
  const secureContext = createSecureContext({ca: lab.ca})
  const probe = async (i: number) => {
    const {domain} = lab.partners[i % lab.partners.length]!
    const {verdict} = await lookAt(prober, probeTarget(domain))
    if (verdict !== 'pass') throw new Error(`${domain}: ${verdict}`)
  }
  const bare = (i: number) => bareLook(lab.partners[i % lab.partners.length]!, lab.ports.smtp, secureContext)
  const rounds: {probe: Pace[]; bare: Pace[]} = {probe: [], bare: []}
  for (let round = 0; round < ROUNDS; round++) {
    rounds.probe.push(await pace(atOnce, at.seconds / 2, probe))
    rounds.bare.push(await pace(atOnce, at.seconds / 2, bare))
  }
  const [ours, theirs] = [rounds.probe, rounds.bare].map(medians) as [Pace, Pace]
  const cells = [
    String(atOnce).padStart(7),
    ours.rate.toFixed(0).padStart(10),
    theirs.rate.toFixed(0).padStart(13),
    (ours.rate / theirs.rate).toFixed(2).padStart(7),
    ours.cpu.toFixed(1).padStart(18),
    theirs.cpu.toFixed(1).padStart(11),
    (theirs.cpu / ours.cpu).toFixed(2).padStart(7),
  ]
  console.log(cells.join(' '))
}

/** Looks a second, and milliseconds of processor time for one look. */
interface Pace {
  rate: number
  cpu: number
}

function medians(paces: Pace[]): Pace {
  return {rate: median(paces.map(({rate}) => rate)), cpu: median(paces.map(({cpu}) => cpu))}
}

async function proberFor(lab: Served, dir: string, atOnce: number): Promise<Prober> {
  const [configDir, ca] = [join(dir, 'config'), join(dir, 'ca.pem')]
  mkdirSync(configDir, {recursive: true})
  writeFileSync(ca, lab.ca.join(''))
  const {smtp, smtps} = lab.ports
  writeFileSync(
    join(configDir, 'relay.yaml'),
    `hostname: relay.example.org\ndns: {servers: ["${lab.dns}"]}\nports: {smtp: ${smtp}, smtps: ${smtps}}\n`,
  )
  const world = {
    configDir,
    dataDir: dir,
    now: () => Date.now(),
    random: () => Math.random(),
    sleep: (ms: number, signal?: AbortSignal) => sleep(ms, undefined, {signal}),
    dial: (host: string, port: number) => connect({host, port, autoSelectFamily: false}),
  }
  // Politeness would be all that is measured.
  return openProber(world, {profile: 'secure', ca: [ca], pause: 0, perAddress: atOnce})
}

async function bareLook({mx, address}: {mx: string; address: string}, port: number, secureContext: SecureContext) {
  const socket = connect({host: address, port})
  socket.setNoDelay(true)
  await reply(socket)
  socket.write('EHLO relay.example.org\r\n')
  await reply(socket)
  socket.write('STARTTLS\r\n')
  await reply(socket)
  const secure = startTls({socket, secureContext, servername: mx})
  await new Promise((resolve, reject) => secure.once('secureConnect', resolve).once('error', reject))
  secure.write('QUIT\r\n')
  await reply(secure)
  secure.destroy()
}

/** Waits for the last line of a reply. */
function reply(socket: Socket): Promise<void> {
  let text = ''
  return new Promise((resolve, reject) => {
    socket.once('error', reject)
    socket.on('data', function take(chunk) {
      text += chunk.toString('latin1')
      if (!/^\d{3} .*\r\n$/m.test(text)) return
      socket.off('data', take)
      socket.off('error', reject)
      resolve()
    })
  })
}

async function pace(atOnce: number, seconds: number, once: (i: number) => Promise<void>): Promise<Pace> {
  const [start, before] = [performance.now(), process.cpuUsage()]
  const end = start + seconds * 1000
  let done = 0
  const loop = async () => {
    while (performance.now() < end) await once(done++)
  }
  await Promise.all(Array.from({length: atOnce}, loop))
  const {user, system} = process.cpuUsage(before)
  return {rate: (done * 1000) / (performance.now() - start), cpu: (user + system) / 1000 / done}
}

function median(numbers: number[]): number {
  return [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)]!
}
