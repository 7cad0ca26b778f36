import {type FileHandle, open} from 'node:fs/promises'
import {crc32} from 'node:zlib'
import {bodyCorrupt, messageOf} from './errors.ts'
import {
  END_OCTETS,
  FRAME_HEAD_OCTETS,
  FRAME_OCTETS,
  frameChecksum,
  HEADER_OCTETS,
  segmentHeader,
} from './segment-format.ts'

/** What the message's row says of its body. */
export interface ExpectedBody {
  messageId: string
  size: number
  crc: number
}

/**
 * The body in a segment file. The whole file is checked before the first octet is handed out, because what a peer was
 * sent cannot be taken back; it is checked again while it is read. Throws `body-corrupt`.
 */
export async function* readSegment(path: string, expected: ExpectedBody): AsyncGenerator<Buffer> {
  const handle = await openSegment(path, expected)
  try {
    for await (const _ of checkedFrames(handle, expected));
    yield* checkedFrames(handle, expected)
  } finally {
    await handle.close()
  }
}

/** The same without the look ahead: what comes before the damage, then `body-corrupt`. */
export async function* readFrames(path: string, expected: ExpectedBody): AsyncGenerator<Buffer> {
  const handle = await openSegment(path, expected)
  try {
    yield* checkedFrames(handle, expected)
  } finally {
    await handle.close()
  }
}

async function openSegment(path: string, {messageId}: ExpectedBody): Promise<FileHandle> {
  try {
    return await open(path, 'r')
  } catch (error) {
    // Other than that nothing is known of the body: it may be whole.
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    throw bodyCorrupt(messageId, messageOf(error), error)
  }
}

async function* checkedFrames(handle: FileHandle, expected: ExpectedBody): AsyncGenerator<Buffer> {
  const corrupt = (why: string) => bodyCorrupt(expected.messageId, why)
  const header = await readAt(handle, 0, HEADER_OCTETS)
  if (!header.equals(segmentHeader())) throw corrupt('its segment file has no good header')
  let [position, total, crc, sequence] = [HEADER_OCTETS, 0, 0, 0]
  for (;;) {
    const piece = await readAt(handle, position, FRAME_HEAD_OCTETS + FRAME_OCTETS)
    const payload = framePayload(piece, sequence)
    if (!payload) throw corrupt(`frame ${sequence} of its segment file fails its checksum`)
    if (payload.end) {
      const whole = payload.total === total && total === expected.size && crc === expected.crc
      if (!whole || piece.length !== END_OCTETS) throw corrupt('its segment file is not the one that was written')
      return
    }
    yield payload.octets
    position += FRAME_HEAD_OCTETS + payload.octets.length
    total += payload.octets.length
    crc = crc32(payload.octets, crc)
    sequence += 1
  }
}

/** The frame at the start of `piece`; null when it is torn or damaged. */
function framePayload(
  piece: Buffer,
  sequence: number,
): {end: false; octets: Buffer} | {end: true; total: number} | null {
  if (piece.length <= FRAME_HEAD_OCTETS) return null
  const length = piece.readUInt32LE(0)
  const end = length === 0
  const octets = piece.subarray(FRAME_HEAD_OCTETS, end ? END_OCTETS : FRAME_HEAD_OCTETS + length)
  const whole = octets.length === (end ? END_OCTETS - FRAME_HEAD_OCTETS : length)
  if (!whole || frameChecksum(octets, sequence, length) !== piece.readUInt32LE(4)) return null
  return end ? {end, total: Number(octets.readBigUInt64LE(0))} : {end, octets}
}

async function readAt(handle: FileHandle, position: number, octets: number): Promise<Buffer> {
  const buffer = Buffer.allocUnsafe(octets)
  let filled = 0
  while (filled < octets) {
    const {bytesRead} = await handle.read(buffer, filled, octets - filled, position + filled)
    if (bytesRead === 0) break
    filled += bytesRead
  }
  return buffer.subarray(0, filled)
}
