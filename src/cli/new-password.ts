import {readPasswordFile} from '../app/input-file.ts'
import {Exit, PosternError} from '../mail/error.ts'
import {answer, canAsk} from './prompts.ts'
import {standardInput} from './standard-input.ts'

const LARGEST = 64 * 1024

/**
 * A new password: the first line of the file, or of standard input for `-`; else a person types it twice and it is not
 * shown. Never from the command line, which other users of the machine can read. Throws `answer-missing` (64),
 * `passwords-differ` (65).
 */
export async function newPassword(file: string | undefined, user: string): Promise<string> {
  if (file === '-') return (await standardInput('password-file', LARGEST)).split(/\r?\n/, 1)[0] ?? ''
  if (file !== undefined) return readPasswordFile(file)
  if (!canAsk()) {
    throw new PosternError('answer-missing', '--password-file is needed, and there is no terminal to ask at', {
      exit: Exit.usage,
      hints: ['add --password-file FILE, or --password-file - and pipe the password in'],
    })
  }
  return answer({flag: 'password-file', given: undefined, yes: false, ask: () => askTwice(user)})
}

async function askTwice(user: string): Promise<string> {
  const {password} = await import('@inquirer/prompts')
  const ask = (message: string) => password({message}, {output: process.stderr})
  const [first, second] = [await ask(`New password of ${user}`), await ask('The same again')]
  if (first === second) return first
  throw new PosternError('passwords-differ', 'the two passwords differ', {
    exit: Exit.badData,
    hints: ['start again; nothing was changed'],
  })
}
