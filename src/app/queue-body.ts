import type {PosternError} from '../mail/error.ts'
import {askQueue} from './queue-access.ts'
import type {BodyPiece} from './queue-action.ts'
import type {AppWorld} from './world.ts'

/** Octets in one answer of the relay. */
const PIECE = 8 * 1024 * 1024
/** RFC 5322 sets no bound to a header section; what is longer is not for people. */
const MOST_HEADERS = 256 * 1024

/** A message as it was taken in, our trace header first. Throws `body-corrupt` (74) before the first octet. */
export async function* messageOctets(world: AppWorld, id: string): AsyncGenerator<Buffer> {
  for (let from = 0; ; from += PIECE) {
    const {octets, more} = await askPiece(world, id, from, PIECE, false)
    yield Buffer.from(octets, 'base64')
    if (!more) return
  }
}

/** The same in its two sections; the empty line between them is the end of the first. */
export async function* messageSections(
  message: AsyncIterable<Buffer>,
): AsyncGenerator<{of: 'headers' | 'body'; octets: Buffer}> {
  let section: 'headers' | 'body' = 'headers'
  // The end of the headers may be cut in two.
  let kept: Buffer = Buffer.alloc(0)
  for await (const chunk of message) {
    if (section === 'body') {
      yield {of: section, octets: chunk}
      continue
    }
    const octets = Buffer.concat([kept, chunk])
    const end = octets.indexOf('\r\n\r\n')
    const cut = end < 0 ? Math.max(0, octets.length - 3) : end + 4
    yield {of: section, octets: octets.subarray(0, cut)}
    if (end >= 0) section = 'body'
    if (end >= 0) yield {of: section, octets: octets.subarray(cut)}
    else kept = octets.subarray(cut)
  }
  if (section === 'headers') yield {of: section, octets: kept}
}

/** The header section without the empty line, as far as it is whole, and what is wrong with the message if anything is. */
export async function messageHeaders(world: AppWorld, id: string): Promise<{headers: Buffer; damage: string | null}> {
  try {
    return {headers: headerSection(await askPiece(world, id, 0, MOST_HEADERS, false)), damage: null}
  } catch (error) {
    const {code, message} = error as PosternError
    if (code !== 'body-corrupt') throw error
    return {headers: headerSection(await askPiece(world, id, 0, MOST_HEADERS, true)), damage: message}
  }
}

function askPiece(world: AppWorld, id: string, from: number, most: number, salvage: boolean): Promise<BodyPiece> {
  return askQueue<BodyPiece>(world, {action: 'body', id, from, most, salvage}, {octets: '', more: false})
}

function headerSection({octets}: BodyPiece): Buffer {
  const message = Buffer.from(octets, 'base64')
  const end = message.indexOf('\r\n\r\n')
  return end < 0 ? message : message.subarray(0, end + 2)
}
