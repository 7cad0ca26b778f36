import {join, resolve} from 'node:path'
import {Command, Flags, type Interfaces} from '@oclif/core'
import {type AppWorld, labWorld, realWorld} from '../app/world.ts'
import {Exit, type ExitCode} from '../mail/error.ts'
import {describeError, type ErrorReport} from './errors.ts'
import type {Asked} from './usage.ts'

type FlagOutput = Interfaces.OutputFlags<Interfaces.FlagInput>
type ArgOutput = Interfaces.OutputArgs<Interfaces.ArgInput>

interface SharedFlags {
  'config-dir'?: string
  'data-dir'?: string
  lab?: boolean
  quiet?: boolean
}

/**
 * What every command shares: the two directories, `--json`, `--quiet`, and one way to fail. A command parses, calls
 * one use-case and presents; what `run()` returns is the `--json` document.
 */
export abstract class BaseCommand extends Command {
  static override enableJsonFlag = true

  static override baseFlags = {
    'config-dir': Flags.string({
      description: 'directory of profiles, policy, CAs and relay.yaml',
      env: 'POSTERN_CONFIG_DIR',
      helpGroup: 'GLOBAL',
      helpValue: 'DIR',
    }),
    'data-dir': Flags.string({
      description: 'directory of the queue, history and the runtime socket',
      env: 'POSTERN_DATA_DIR',
      helpGroup: 'GLOBAL',
      helpValue: 'DIR',
    }),
    lab: Flags.boolean({description: 'work inside the running lab', env: 'POSTERN_LAB', helpGroup: 'GLOBAL'}),
    quiet: Flags.boolean({description: 'say nothing but the answer', env: 'POSTERN_QUIET', helpGroup: 'GLOBAL'}),
  }

  #flags: SharedFlags = {}

  /** Every command parses through here once, so that the shared flags are known to `world()`. */
  protected override async parse<F extends FlagOutput, B extends FlagOutput, A extends ArgOutput>(
    input?: Interfaces.Input<F, B, A>,
    argv?: string[],
  ): Promise<Interfaces.ParserOutput<F, B, A>> {
    const parsed = await super.parse(input, argv)
    this.#flags = parsed.flags as SharedFlags
    return parsed
  }

  /** The world this command works in: the given directories, the lab's with `--lab`, else the platform's own. */
  protected async world(): Promise<AppWorld> {
    const configDir = resolve(this.#flags['config-dir'] ?? this.config.configDir)
    const dataDir = resolve(this.#flags['data-dir'] ?? this.config.dataDir)
    if (!this.#flags.lab) return realWorld({configDir, dataDir})
    const {runningLab} = await import('../app/running-lab.ts')
    return labWorld(await runningLab(join(dataDir, 'lab')))
  }

  protected get isQuiet(): boolean {
    return this.#flags.quiet === true
  }

  /** The answer, on stdout; nothing under `--json`. */
  protected print(text: string): void {
    if (!this.jsonEnabled()) this.log(text)
  }

  /** The talk, on stderr: progress and remarks, never part of the answer. */
  protected say(text: string): void {
    if (!this.isQuiet && !this.jsonEnabled()) this.logToStderr(text)
  }

  /** Ends with `code` once the answer is out; 0 leaves it as it is. */
  protected exitWith(code: ExitCode): void {
    if (code !== Exit.ok) process.exitCode = code
  }

  protected override async catch(error: Error & {exitCode?: number}): Promise<never> {
    const report = describeError(error, this.#asked())
    if (report.exit === Exit.bug && process.env.POSTERN_DEBUG) this.logToStderr(error.stack ?? '')
    if (this.jsonEnabled()) this.logJson({schema: 'postern.error/1', error: report})
    else for (const line of errorLines(report)) this.logToStderr(line)
    process.exitCode = report.exit
    return this.exit(report.exit)
  }

  protected override toErrorJson(error: unknown): unknown {
    return {schema: 'postern.error/1', error: describeError(error, this.#asked())}
  }

  #asked(): Asked {
    const flags = Object.keys({...this.ctor.baseFlags, ...this.ctor.flags})
    return {command: (this.id ?? '').replaceAll(':', ' '), flags}
  }

  /** Plain JSON, also on a terminal: what a person copies must parse. */
  override logJson(json: unknown): void {
    process.stdout.write(`${JSON.stringify(json, null, 2)}\n`)
  }
}

function errorLines(report: ErrorReport): string[] {
  return [`postern: ${report.message}`, ...report.hints.map((hint) => `  hint: ${hint}`)]
}
