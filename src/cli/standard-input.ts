import {Exit, PosternError} from '../mail/error.ts'

/** All of standard input as text. Throws `stdin-missing` (64) at a terminal, `stdin-too-large` (65). */
export async function standardInput(flag: string, most?: number): Promise<string> {
  return (await standardInputOctets(flag, most)).toString('utf8')
}

/** All of standard input. Throws as `standardInput` does. */
export async function standardInputOctets(flag: string, most = 64 * 1024 * 1024): Promise<Buffer> {
  refuseKeyboard(flag)
  const chunks: Buffer[] = []
  let total = 0
  for await (const chunk of process.stdin) {
    total += (chunk as Buffer).length
    if (total > most) throw tooLong(most)
    chunks.push(chunk as Buffer)
  }
  return Buffer.concat(chunks)
}

/** Standard input while it comes. Throws `stdin-missing` (64) at a terminal. */
export function standardInputStream(flag: string): AsyncIterable<Buffer> {
  refuseKeyboard(flag)
  return process.stdin
}

function tooLong(most: number): PosternError {
  return new PosternError('stdin-too-large', `standard input has more than ${Math.floor(most / 1024)} KiB`, {
    exit: Exit.badData,
    hints: ['check that it is the file you mean'],
  })
}

function refuseKeyboard(flag: string): void {
  if (!process.stdin.isTTY) return
  throw new PosternError('stdin-missing', `--${flag} - reads standard input, which is the keyboard here`, {
    exit: Exit.usage,
    hints: [`pipe something into it: postern … --${flag} - < file`],
  })
}
