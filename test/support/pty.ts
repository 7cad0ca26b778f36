import {type ChildProcess, spawn, spawnSync} from 'node:child_process'
import {setTimeout as sleep} from 'node:timers/promises'
import {stripVTControlCharacters} from 'node:util'
import {programPath} from './cli.ts'

/** util-linux `script` gives a program a real terminal, on any Debian and without a native npm package. */
export const hasTerminal = spawnSync('script', ['--version']).status === 0

/** Our program at a pseudo-terminal, typed at by a test. */
export class Terminal {
  readonly #child: ChildProcess
  readonly #ended: Promise<number | null>
  #screen = ''
  #read = 0

  constructor(args: string[], env: Record<string, string>) {
    const words = [process.execPath, programPath(), ...args].map((word) => `'${word.replaceAll("'", "'\\''")}'`)
    this.#child = spawn('script', ['-qefc', words.join(' '), '/dev/null'], {
      env: {...process.env, TERM: 'xterm', ...env},
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    this.#child.stdout!.setEncoding('utf8').on('data', (chunk: string) => {
      this.#screen += chunk
    })
    this.#ended = new Promise((resolve) => this.#child.once('close', resolve))
  }

  /** Waits until the text stands on the screen, after what was waited for before. */
  async see(text: string): Promise<void> {
    for (let round = 0; round < 600; round++) {
      const at = this.text.indexOf(text, this.#read)
      if (at >= 0) {
        this.#read = at + text.length
        return
      }
      await sleep(50)
    }
    throw new Error(`never saw "${text}" on:\n${this.text.slice(this.#read)}`)
  }

  type(keys: string): void {
    this.#child.stdin!.write(keys)
  }

  /** Everything that was written, without control sequences. */
  get text(): string {
    return stripVTControlCharacters(this.#screen)
  }

  /** The exit code. */
  async end(): Promise<number | null> {
    const code = await this.#ended
    this.#child.stdin!.destroy()
    return code
  }
}

export const ENTER = '\r'
export const CTRL_C = '\x03'
export const DOWN = '\x1b[B'
