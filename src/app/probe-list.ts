import {mailDomainText} from '../mail/address.ts'
import {printable} from '../mail/domain.ts'
import type {PosternError} from '../mail/error.ts'
import type {ProbeTarget} from './probe-domain.ts'
import {probeTarget} from './probe-targets.ts'

/** A line of a list that names no domain. It is told, and the others are looked at all the same. */
export interface BadTarget {
  text: string
  error: PosternError
}

export type Listed = ProbeTarget | BadTarget

/** Octets of a line; no domain with a comment is longer, and a file without line ends must not fill the memory. */
const LONGEST_LINE = 4_096
/** Targets that are remembered, so that a list may name one twice. */
const MOST_REMEMBERED = 10_000

/**
 * The targets of a list while it is read, one a line; blank lines and what follows a # do not count. `name` stands in
 * errors, with the line.
 */
export async function* targetsOf(octets: AsyncIterable<Buffer>, name: string): AsyncGenerator<Listed> {
  let number = 0
  for await (const line of linesOf(octets)) {
    number += 1
    const text = line.replace(/#.*/s, '').trim()
    if (text !== '') yield listed(text, `${printable(name)}:${number}: `)
  }
}

function listed(text: string, where: string): Listed {
  try {
    return probeTarget(text, where)
  } catch (error) {
    return {text: printable(text), error: error as PosternError}
  }
}

async function* linesOf(octets: AsyncIterable<Buffer>): AsyncGenerator<string> {
  let rest = Buffer.alloc(0)
  for await (const chunk of octets) {
    rest = Buffer.concat([rest, chunk])
    for (let end = rest.indexOf(0x0a); end >= 0; end = rest.indexOf(0x0a)) {
      yield rest.toString('utf8', 0, end)
      rest = rest.subarray(end + 1)
    }
    // What is beyond is lost; the line is no domain as it is.
    if (rest.length > LONGEST_LINE) rest = rest.subarray(0, LONGEST_LINE)
  }
  if (rest.length > 0) yield rest.toString('utf8')
}

/** Each domain once, in the order in which it was named first, as far back as is remembered. */
export async function* distinct(targets: Iterable<Listed> | AsyncIterable<Listed>): AsyncGenerator<Listed> {
  const seen = new Set<string>()
  for await (const target of targets) {
    const key = 'domain' in target ? mailDomainText(target.domain) : target.text
    if ('domain' in target && seen.has(key)) continue
    seen.add(key)
    if (seen.size > MOST_REMEMBERED) seen.delete(seen.values().next().value!)
    yield target
  }
}
