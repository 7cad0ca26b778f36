import {spawn} from 'node:child_process'
import {text} from 'node:stream/consumers'
import {setTimeout as sleep} from 'node:timers/promises'
import {runDemo} from '../src/app/demo/run-demo.ts'
import type {Ran} from '../src/app/demo/teller.ts'
import {BaseCommand} from '../src/cli/base-command.ts'
import {demoTable} from '../src/cli/demo-table.ts'
import {shellLine} from '../src/cli/shell-line.ts'
import {Exit} from '../src/mail/error.ts'
import type {DocumentOf} from '../src/report/schema/documents.ts'

export default class Demo extends BaseCommand {
  static override summary = 'the example.mil story, end to end, in the lab'
  static override description =
    `Starts a lab on loopback, protects example.mil with the commands an administrator would type, delivers a message over
verified TLS, lets an impostor take over the MX and shows that it is refused and nothing is lost. Exits 0 only if every
step came out as told.`
  static override examples = ['<%= config.bin %> demo']

  async run(): Promise<DocumentOf<'demo'>> {
    await this.parse(Demo)
    const report = await runDemo({
      postern: (args, env) => this.#postern(args, env),
      say: (line) => this.print(line),
      show: (words, output) => this.print(`\n   $ ${shellLine(words)}\n${indented(output)}`),
      sleep: (ms) => sleep(ms),
    })
    if (report.broken === null) this.print(`\n${await demoTable(report.partners)}`)
    this.print(
      report.told ? '\nEverything came out as told.' : `\nThe story broke: ${report.broken ?? 'see the table'}`,
    )
    this.exitWith(report.told ? Exit.ok : Exit.no)
    return report
  }

  // The very program that runs now, so that what is shown is what a person gets.
  async #postern(args: string[], env: Record<string, string>): Promise<Ran> {
    const bin = process.argv[1]!
    const child = spawn(process.execPath, [bin, ...args], {
      env: {...process.env, ...env, COLUMNS: '92'},
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const exit = new Promise<number>((resolve) => child.once('close', (code) => resolve(code ?? Exit.bug)))
    const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)])
    return {exit: await exit, stdout, stderr}
  }
}

function indented(output: string): string {
  return output
    .trimEnd()
    .split('\n')
    .map((line) => (line === '' ? '' : `     ${line}`))
    .join('\n')
}
