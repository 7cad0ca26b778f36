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
  if (given === '') return usage('command-missing', 'no command was named', 'postern --help lists the commands')
  const meant = meantCommand(words, names)
  const [topic = ''] = words
  const hint = names.some((name) => name.startsWith(`${topic} `))
    ? `postern ${topic} --help lists its commands`
    : 'postern --help lists the commands'
  return usage('command-unknown', `there is no command "${given}"`, meant ? `did you mean: postern ${meant}` : hint)
}

/** A topic alone, where a program asked: it wants an answer, and pages of help are none. */
export function bareTopic(topic: string): PosternError {
  return usage('command-missing', `"postern ${topic}" needs a command`, `postern ${topic} --help lists them`)
}

/** The words after a misspelt command are its arguments; a topic that is right is kept. */
function meantCommand(words: readonly string[], names: readonly string[]): string | null {
  const heads = [words.slice(0, 2), words.slice(0, 1)].map((head) => head.join(' '))
  const [topic = ''] = words
  const within = names.filter((name) => name.startsWith(`${topic} `))
  const near = (within.length > 0 ? within : names)
    .flatMap((name) => heads.map((head) => ({name, distance: distance(head, name), own: name.length})))
    .sort((a, b) => a.distance - b.distance)[0]
  return near && near.distance <= Math.max(1, near.own / 4) ? near.name : null
}

function usage(code: string, message: string, hint: string): PosternError {
  return new PosternError(code, message, {exit: Exit.usage, hints: [hint]})
}
