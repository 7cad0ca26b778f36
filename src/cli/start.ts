import {readFileSync} from 'node:fs'
import {join} from 'node:path'
import type {PJSON} from '@oclif/core/interfaces'
import {printable} from '../mail/domain.ts'
import {describeError} from './errors.ts'
import {bareTopic, unknownCommand} from './unknown-command.ts'

/**
 * Runs the command line. `root` is the package's directory; with `sources` the commands are loaded as TypeScript from
 * ./commands. Plugins are off: a file in the data directory must not be able to run code in an administrator's shell.
 */
export async function start(root: string, options: {sources?: boolean} = {}): Promise<void> {
  endQuietlyOnBrokenPipe()
  const {Config, flush, run} = await import('@oclif/core')
  const config = new Config({
    root,
    userPlugins: false,
    devPlugins: false,
    ...(options.sources ? {pjson: sourcePackage(root), ignoreManifest: true} : {}),
  })
  try {
    await config.load()
    const topic = topicAlone(config.commandIDs)
    if (topic !== null) throw bareTopic(topic)
    await run(process.argv.slice(2), config)
    await flush()
  } catch (error) {
    const known = config.commandIDs ?? []
    endWith(isUnknownCommand(error) ? unknownCommand(commandWords(), known) : error)
  }
}

function isUnknownCommand(error: unknown): boolean {
  return /^command .* not found/i.test((error as Error)?.message ?? '')
}

/** `ca --json`, `ca --bogus`: a topic with flags and no command. Alone, or with --help, it is a question for its help. */
function topicAlone(known: readonly string[]): string | null {
  const words = process.argv.slice(2)
  const topic = commandWords().join(' ')
  const asksHelp = words.includes('--help') || words.every((word) => !word.startsWith('-'))
  const names = known.map((id) => id.replaceAll(':', ' '))
  const isTopic = !names.includes(topic) && names.some((name) => name.startsWith(`${topic} `))
  return topic !== '' && isTopic && !asksHelp ? topic : null
}

function commandWords(): string[] {
  const words = process.argv.slice(2)
  const end = words.findIndex((word) => word.startsWith('-'))
  return (end < 0 ? words : words.slice(0, end)).map((word) => printable(word, 60))
}

// `postern … | head -1` closes the pipe early; that is not an error of ours, and oclif's own answer is exit 13.
function endQuietlyOnBrokenPipe(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(process.exitCode ?? 0)
    throw error
  })
  process.stderr.on('error', () => {})
}

function sourcePackage(root: string): PJSON {
  const pjson = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as PJSON & {oclif: object}
  return {
    ...pjson,
    oclif: {
      ...pjson.oclif,
      commands: {strategy: 'pattern', target: './commands'},
      settings: {enableAutoTranspile: false},
    },
  } as unknown as PJSON
}

// Commands report their own failures; what arrives here was raised before a command ran (an unknown command).
function endWith(error: unknown): void {
  const exit = (error as {oclif?: {exit?: number}}).oclif?.exit
  const reported = (error as {code?: string}).code === 'EEXIT'
  if (reported) {
    process.exitCode = exit ?? 0
    return
  }
  const report = describeError(error)
  if (process.argv.includes('--json')) {
    process.stdout.write(`${JSON.stringify({schema: 'postern.error/1', error: report}, null, 2)}\n`)
  } else {
    process.stderr.write(`postern: ${report.message}\n${report.hints.map((hint) => `  hint: ${hint}\n`).join('')}`)
  }
  process.exitCode = report.exit
}
