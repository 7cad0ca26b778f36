/** How the story runs a command and what it got: the real program, in a process of its own. */
export interface Ran {
  exit: number
  stdout: string
  stderr: string
}

/** The hands and the voice of the story; `commands/demo.ts` supplies both. */
export interface Stage {
  /** Runs `postern` with these arguments, in the demo's directories. */
  run(args: string[]): Promise<Ran>
  say(line: string): void
  /** The words of a command, and what it printed. */
  show(words: string[], output: string): void
  sleep(ms: number): Promise<void>
}

/** What must be true for the story to go on as told. */
export interface Expectation {
  exit?: number
  /** Returns what is wrong, or null. */
  check?(ran: Ran): string | null
}

/** The story did not come out as told: something in the product is broken, or this machine is in the way. */
export class StoryBroken extends Error {
  override readonly name = 'StoryBroken'
}

/** Tells the story and holds the program to it. */
export class Teller {
  readonly #stage: Stage
  #chapter = 0

  constructor(stage: Stage) {
    this.#stage = stage
  }

  chapter(title: string): void {
    this.#chapter += 1
    this.#stage.say(`\n${this.#chapter}. ${title}`)
  }

  say(line: string): void {
    this.#stage.say(`   ${line}`)
  }

  /** Runs a command in view of the reader. Throws `StoryBroken` when it does not end as expected. */
  async command(args: string[], expected: Expectation = {}): Promise<Ran> {
    const ran = await this.#stage.run(args)
    this.#stage.show(args, `${ran.stdout}${ran.stderr}`)
    this.#hold(args, ran, expected)
    return ran
  }

  /** Asks the program a question behind the curtain and returns its `--json` document. */
  async ask<T>(args: string[], exits: number[] = [0]): Promise<T> {
    const ran = await this.#stage.run([...args, '--json'])
    if (!exits.includes(ran.exit)) this.#fail(args, `exit ${ran.exit}, told was ${exits.join(' or ')}`, ran)
    return JSON.parse(ran.stdout) as T
  }

  /** Asks until the answer satisfies; gives up after about 15 seconds. */
  async until<T>(args: string[], satisfied: (answer: T) => boolean, what: string): Promise<T> {
    for (let round = 0; round < 60; round++) {
      const answer = await this.ask<T>(args)
      if (satisfied(answer)) return answer
      await this.#stage.sleep(250)
    }
    throw new StoryBroken(`waited in vain: ${what}`)
  }

  require(holds: boolean, what: string): void {
    if (!holds) throw new StoryBroken(what)
  }

  #hold(args: string[], ran: Ran, {exit = 0, check}: Expectation): void {
    if (ran.exit !== exit) this.#fail(args, `exit ${ran.exit}, told was ${exit}`, ran)
    const wrong = check?.(ran)
    if (wrong) this.#fail(args, wrong, ran)
  }

  #fail(args: string[], what: string, ran: Ran): never {
    throw new StoryBroken(`postern ${args.join(' ')}: ${what}\n${ran.stderr || ran.stdout}`)
  }
}
