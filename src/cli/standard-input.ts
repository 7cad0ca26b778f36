import {Exit, PosternError} from '../mail/error.ts'

/** All of standard input as text. Throws `stdin-missing` (64) at a terminal, `stdin-too-large` (65). */
export async function standardInput(flag: string, most = 64 * 1024 * 1024): Promise<string> {
  if (process.stdin.isTTY) {
    throw new PosternError('stdin-missing', `--${flag} - reads standard input, which is the keyboard here`, {
      exit: Exit.usage,
      hints: [`pipe something into it: postern … --${flag} - < file`],
    })
  }
  const chunks: Buffer[] = []
  let total = 0
  for await (const chunk of process.stdin) {
    total += (chunk as Buffer).length
    if (total > most) throw new PosternError('stdin-too-large', 'standard input is too long', {exit: Exit.badData})
    chunks.push(chunk as Buffer)
  }
  return Buffer.concat(chunks).toString('utf8')
}
