import {type ChildProcess, spawn, spawnSync} from 'node:child_process'
import {setTimeout as sleep} from 'node:timers/promises'
import {stripVTControlCharacters} from 'node:util'
import {programPath} from './cli.ts'

// Bytes go to and fro until the program has closed the terminal; 128 + n is the exit code of one that signal n ended.
// When the test is gone the terminal is closed, which ends the program too.
const RELAY = `
import fcntl, os, pty, select, struct, sys, termios
pid, terminal = pty.fork()
if pid == 0:
    os.execvp(sys.argv[1], sys.argv[1:])
fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack('HHHH', 50, 120, 0, 0))
sources = [0, terminal]
while True:
    for source in select.select(sources, [], [])[0]:
        try:
            data = os.read(source, 65536)
        except OSError:
            data = b''
        if source == 0:
            if not data:
                sys.exit(1)
            os.write(terminal, data)
        elif data:
            os.write(1, data)
        else:
            code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
            sys.exit(code if code >= 0 else 128 - code)
`

export type TerminalMaker = 'python3' | 'script'

export interface TerminalOptions {
  env: Record<string, string>
  maker?: TerminalMaker
  /** A file that takes standard output; the terminal shows what is left. */
  stdout?: string
}

const isThere: Record<TerminalMaker, () => boolean> = {
  python3: () => spawnSync('python3', ['-c', 'import pty, os; os.waitstatus_to_exitcode']).status === 0,
  script: () => spawnSync('script', ['--version']).status === 0,
}

/** What gives a program a real terminal here, without a native npm package: Python, or `script` of util-linux. */
export const terminalMakers = (['python3', 'script'] as const).filter((maker) => isThere[maker]())

/** Our program at a pseudo-terminal, typed at by a test. */
export class Terminal {
  readonly #child: ChildProcess
  readonly #ended: Promise<number | null>
  #screen = ''
  #read = 0

  constructor(args: string[], {env, maker = terminalMakers[0]!, stdout}: TerminalOptions) {
    const program = [process.execPath, programPath(), ...args]
    const redirected = stdout === undefined ? program : ['sh', '-c', 'exec "$@" >"$0"', stdout, ...program]
    const [command, ...words] = commandOf(maker, redirected)
    this.#child = spawn(command!, words, {
      env: {...process.env, TERM: 'xterm', ...env},
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    // A program that has ended takes no more keys; what it said by then is what the test looks at.
    this.#child.stdin!.on('error', () => {})
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

function commandOf(maker: TerminalMaker, words: string[]): string[] {
  if (maker === 'python3') return ['python3', '-c', RELAY, ...words]
  const line = words.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(' ')
  return ['script', '-qefc', line, '/dev/null']
}

export const ENTER = '\r'
export const CTRL_C = '\x03'
export const CTRL_D = '\x04'
export const ERASE_LINE = '\x15'
export const DOWN = '\x1b[B'
