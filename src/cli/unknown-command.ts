import {Exit, PosternError} from '../mail/error.ts'
import {distance} from '../state/suggest.ts'

/** What to say of a command line that names no command: the argument too many, or the command that was meant. */
export function unknownCommand(words: string[], known: string[]): PosternError {
  const names = known.map((id) => id.replaceAll(':', ' '))
  const given = words.join(' ')
  const owner = names.filter((name) => given.startsWith(`${name} `)).sort((a, b) => b.length - a.length)[0]
  if (owner !== undefined) {
    const extra = given.slice(owner.length + 1)
    return usage('argument-unexpected', `"postern ${owner}" takes no argument "${extra}"`, `postern ${owner} --help`)
  }
  const near = names.map((name) => ({name, distance: distance(given, name)})).sort((a, b) => a.distance - b.distance)[0]
  const hint =
    near && near.distance <= Math.max(2, given.length / 3)
      ? `did you mean: postern ${near.name}`
      : 'postern --help lists the commands'
  return usage('command-unknown', `there is no command "${given}"`, hint)
}

function usage(code: string, message: string, hint: string): PosternError {
  return new PosternError(code, message, {exit: Exit.usage, hints: [hint]})
}
