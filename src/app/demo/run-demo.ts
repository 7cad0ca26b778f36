import {mkdtemp, rm} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {type PartnerRow, tellStory} from './story.ts'
import {type Ran, type Stage, StoryBroken, Teller} from './teller.ts'

/** What a demo needs from the terminal: a way to run the program with an environment, and a voice. */
export interface DemoStage extends Omit<Stage, 'run'> {
  postern(args: string[], env: Record<string, string>): Promise<Ran>
}

export interface DemoReport {
  schema: 'postern.demo/1'
  told: boolean
  /** Where the story broke; null when it came out as told. */
  broken: string | null
  partners: PartnerRow[]
}

/**
 * Starts a lab in a directory of its own, tells the story in it and takes everything down again, also when the story
 * breaks. Nothing of the person's own configuration is read or written.
 */
export async function runDemo(stage: DemoStage): Promise<DemoReport> {
  const dataDir = await mkdtemp(join(tmpdir(), 'postern-demo-'))
  const env = {POSTERN_DATA_DIR: dataDir, POSTERN_CONFIG_DIR: join(dataDir, 'config')}
  const outside: Stage = {...stage, run: (args) => stage.postern(args, env)}
  const inside: Stage = {
    ...stage,
    run: (args) => stage.postern(args, args[0] === 'lab' ? env : {...env, POSTERN_LAB: 'true'}),
  }
  try {
    await new Teller(outside).command(['lab', 'start', '--detach'])
    const partners = await tellStory(new Teller(inside), join(dataDir, 'lab'))
    return {schema: 'postern.demo/1', told: partners.every((row) => row.told), broken: null, partners}
  } catch (error) {
    if (!(error instanceof StoryBroken)) throw error
    return {schema: 'postern.demo/1', told: false, broken: error.message, partners: []}
  } finally {
    // Both answer "not running" when the story never got that far.
    await inside.run(['relay', 'stop'])
    await outside.run(['lab', 'stop'])
    await rm(dataDir, {recursive: true, force: true})
  }
}
