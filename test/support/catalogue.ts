import {mkdir, mkdtemp, rm, writeFile} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {lookAt, openProber, type Prober} from '../../src/app/probe-domain.ts'
import {probeTarget} from '../../src/app/probe-targets.ts'
import {type AppWorld, labWorld} from '../../src/app/world.ts'
import {createResolver} from '../../src/dns/client.ts'
import {type Lab, startLab} from '../../src/lab/lab.ts'
import {mxOf, type PartnerDeclaration} from '../../src/lab/partner.ts'
import {MailAddress} from '../../src/mail/address.ts'
import type {PathWorld} from '../../src/path/path.ts'
import {trustAnchors} from '../../src/pki/anchors.ts'
import {BUILTIN_PROFILES} from '../../src/policy/builtin.ts'
import type {EffectiveProfile, Level} from '../../src/policy/profile.ts'
import {deliverGroup} from '../../src/relay/deliver.ts'
import {FailureMemory} from '../../src/relay/failure-memory.ts'
import {SessionPool} from '../../src/relay/session-pool.ts'
import type {ProbeResult} from '../../src/report/probe-schema.ts'

/** What became of one message. */
export interface Delivery {
  result: 'delivered' | 'deferred' | 'bounced'
  status: string
  /** Of the path that the transaction took; null: none was open. */
  outcome: string | null
}

export interface CatalogueBench extends AsyncDisposable {
  lab: Lab
  probe(partner: PartnerDeclaration, options?: {full?: boolean}): Promise<ProbeResult>
  /** One attempt of the relay, as if it were the first. */
  deliver(partner: PartnerDeclaration, level: Level): Promise<Delivery>
}

/** Long enough for a slow partner on a slow machine, short enough for one that never says anything. */
const TIMEOUTS = {connect: 5_000, greeting: 9_000, command: 4_000, handshake: 4_000, dataBlock: 15_000, dataEnd: 15_000}

/** The whole catalogue in this process, the probe and the relay's delivery before it, in one and the same world. */
export async function catalogueBench(): Promise<CatalogueBench> {
  const dir = await mkdtemp(join(tmpdir(), 'postern-catalogue-'))
  const lab = await startLab({dir: join(dir, 'lab'), partners: 'all'})
  const app = await appWorld(dir, lab)
  const prober = await proberIn(app, lab, dir)
  const pool = new SessionPool(app)
  return {
    lab,
    probe: ({domain, implicitTls = false}, {full = false} = {}) => {
      return lookAt({...prober, options: {...prober.options, implicitTls, full}}, probeTarget(domain))
    },
    deliver: (partner, level) => deliver({path: prober.path, pool}, partner, profileOf(lab, level)),
    [Symbol.asyncDispose]: async () => {
      await pool.close()
      await lab.stop()
      await rm(dir, {recursive: true, force: true})
    },
  }
}

async function appWorld(dir: string, lab: Lab): Promise<AppWorld> {
  const configDir = join(dir, 'config')
  await mkdir(configDir)
  const ports = `ports: {smtp: ${lab.ports.smtp}, smtps: ${lab.ports.smtps}}`
  await writeFile(
    join(configDir, 'relay.yaml'),
    `hostname: relay.example.org\ndns: {servers: ["${lab.dns}"]}\n${ports}\n`,
  )
  return labWorld({configDir, dataDir: join(dir, 'data')})
}

async function proberIn(app: AppWorld, lab: Lab, dir: string): Promise<Prober> {
  const ca = [join(dir, 'lab', 'pki', 'root.pem'), join(dir, 'lab', 'pki', 'intermediate.pem')]
  const prober = await openProber(app, {profile: 'secure', ca, pause: 0})
  const resolver = createResolver({servers: [lab.dns], trusted: true, timeout: 1_500, clock: app})
  return {...prober, path: {...prober.path, timeouts: TIMEOUTS, resolver}}
}

function profileOf(lab: Lab, level: Level): EffectiveProfile {
  const anchors = trustAnchors({imported: [lab.rootPem, lab.intermediatePem], system: false})
  return {...BUILTIN_PROFILES[level], rule: null, anchors}
}

async function deliver(
  {path, pool}: {path: PathWorld; pool: SessionPool},
  partner: PartnerDeclaration,
  profile: EffectiveProfile,
): Promise<Delivery> {
  const {domain, implicitTls} = partner
  const route = {domain: '*', host: mxOf(partner), port: path.ports.smtps, implicitTls: true}
  const policy = {
    delivery: () => ({profile, rehearsed: []}),
    deliveryKey: () => profile.name,
    mayRehearse: () => [],
  }
  const body = Buffer.from('Subject: catalogue\r\n\r\n.dot\r\n')
  const {fates, path: taken} = await deliverGroup(
    {
      // No session is handed on to the next: each delivery walks its own path.
      snapshot: {
        revision: `${domain} ${profile.level}`,
        routes: implicitTls ? [route] : [],
        path,
        policy: policy as never,
      },
      pool,
      memory: new FailureMemory(),
      log: () => {},
      signal: new AbortController().signal,
    },
    {
      queueId: '-',
      destination: domain,
      reversePath: 'ops@relay.example.org',
      options: {},
      size: body.length,
      recipients: [
        {id: 1, address: MailAddress.parse(`colonel@${domain}`).text, options: {}, attempts: 0, warned: false},
      ],
      body: async function* () {
        yield body
      },
    },
  )
  const {result, status} = fates[0]!
  return {result, status, outcome: taken?.outcome ?? null}
}
