import {crc32} from 'node:zlib'

/**
 * The file of one large body. A header (magic, version, checksum), then frames of at most 64 KiB, each with its length
 * and a CRC-32 over position, length and octets, then an end frame with the total: a file that was torn, cut, extended
 * or had a bit or a frame moved is told apart from a whole one. Numbers are little-endian.
 *
 *     header   8 magic "PSTNBODY" · 4 version · 4 CRC-32 of these twelve
 *     frame    4 length (1 … 65536) · 4 CRC-32 · octets
 *     end      4 zero · 4 CRC-32 · 8 total of octets
 */
/** Directory of the segment files, inside the queue's. */
export const SEGMENTS = 'segments'
export const FRAME_OCTETS = 64 * 1024
export const HEADER_OCTETS = 16
export const FRAME_HEAD_OCTETS = 8
export const END_OCTETS = 16

const MAGIC = 'PSTNBODY'
const VERSION = 1

/** Magic, version and checksum: the first octets of every segment. */
export function segmentHeader(): Buffer {
  const header = Buffer.alloc(HEADER_OCTETS)
  header.write(MAGIC, 'latin1')
  header.writeUInt32LE(VERSION, 8)
  header.writeUInt32LE(crc32(header.subarray(0, 12)), 12)
  return header
}

/** `sequence` is 0 for the first frame. */
export function frameHead(payload: Buffer, sequence: number): Buffer {
  const head = Buffer.alloc(FRAME_HEAD_OCTETS)
  head.writeUInt32LE(payload.length, 0)
  head.writeUInt32LE(frameChecksum(payload, sequence), 4)
  return head
}

/** `sequence` is the count of frames before it. */
export function endFrame(total: number, sequence: number): Buffer {
  const end = Buffer.alloc(END_OCTETS)
  end.writeBigUInt64LE(BigInt(total), 8)
  end.writeUInt32LE(frameChecksum(end.subarray(8), sequence, 0), 4)
  return end
}

// The position is under the checksum too: two frames that changed places are as wrong as a flipped bit.
export function frameChecksum(payload: Buffer, sequence: number, length = payload.length): number {
  const place = Buffer.alloc(8)
  place.writeUInt32LE(sequence, 0)
  place.writeUInt32LE(length, 4)
  return crc32(payload, crc32(place))
}
