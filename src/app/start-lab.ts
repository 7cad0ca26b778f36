import {mkdir, rm} from 'node:fs/promises'
import {join} from 'node:path'
import {chosenPartners, type Lab, type LabOptions, startLab} from '../lab/lab.ts'
import {Exit, PosternError} from '../mail/error.ts'
import {updateSetting} from '../state/edit.ts'
import {readOptional, withLock, writeFileAtomic} from '../state/files.ts'
import {LAB_FILE, type LabRecord} from './running-lab.ts'

export interface RunLabOptions extends Omit<LabOptions, 'dir'> {
  labDir: string
  /** Called once everything listens. */
  ready(lab: LabRecord): void
  /** Aborted: the lab ends. */
  end: AbortSignal
}

/** A lab that is just starting elsewhere is given this long to say so, milliseconds. */
const PATIENCE = 500
/** The relay of the lab. */
const RELAY_PORTS = {starttls: 2525, implicit: 2465}

/**
 * Runs a lab in the foreground until `end`. Its directory is locked while it runs, so that there is one lab in it and
 * `lab.json` names a living process. Throws `lab-running` (75), and what `startLab` throws.
 */
export async function runLab(options: RunLabOptions): Promise<void> {
  chosenPartners(options.partners ?? [])
  try {
    await withLock(options.labDir, () => run(options), PATIENCE)
  } catch (error) {
    if (!(error instanceof PosternError) || error.code !== 'state-locked') throw error
    throw new PosternError('lab-running', 'a lab is running here already', {
      exit: Exit.tryAgain,
      hints: ['postern lab list shows it, postern lab stop ends it'],
      cause: error,
    })
  }
}

async function run({labDir, ready, end, ...options}: RunLabOptions): Promise<void> {
  const lab = await startLab({...options, dir: labDir})
  const record = recordOf(labDir, lab)
  try {
    await configure(record, lab)
    await writeFileAtomic(join(labDir, LAB_FILE), `${JSON.stringify(record, null, 2)}\n`)
    ready(record)
    await aborted(end)
  } finally {
    await rm(join(labDir, LAB_FILE), {force: true})
    await lab.stop()
  }
}

function recordOf(labDir: string, lab: Lab): LabRecord {
  return {
    pid: process.pid,
    configDir: join(labDir, 'config'),
    dataDir: join(labDir, 'data'),
    startedAt: new Date().toISOString(),
    dns: lab.dns,
    ports: lab.ports,
    partners: lab.partners.map(({name, domain, mx, address}) => ({name, domain, mx, address})),
  }
}

/** What makes every command work in the lab. What a person wrote into its relay.yaml besides stays. */
async function configure({configDir, dataDir}: LabRecord, lab: Lab): Promise<void> {
  const fresh = (await readOptional(join(configDir, 'relay.yaml'))) === null
  await mkdir(dataDir, {recursive: true, mode: 0o700})
  const set = (path: string[], value: unknown) => updateSetting(configDir, path, value)
  if (fresh) {
    await set(['hostname'], 'relay.example.org')
    // Partners here fail on purpose, and the person who made them fail is watching.
    await set(['queue', 'retry'], '30s')
    await set(['queue', 'retryMax'], '5m')
  }
  await set(
    ['listeners'],
    (['starttls', 'implicit'] as const).map((tls) => ({address: lab.relayAddress, port: RELAY_PORTS[tls], tls})),
  )
  await set(['dns', 'servers'], [lab.dns])
  // The way to it does not leave this machine (RFC 4035 §4.9.3), and some of its answers are validated.
  await set(['dns', 'trusted'], true)
  await set(['ports', 'smtp'], lab.ports.smtp)
  await set(['ports', 'smtps'], lab.ports.smtps)
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return
  await new Promise((resolve) => signal.addEventListener('abort', resolve, {once: true}))
}
