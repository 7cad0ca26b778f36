import {mkdtempSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {crc32} from 'node:zlib'
import {PosternError} from '../../../src/mail/error.ts'
import {readFrames, readSegment} from '../../../src/queue/segment-reader.ts'
import {readCorpus} from '../corpus.ts'
import {holds, type Target} from '../target.ts'
import {baseline} from './files.ts'

/** The body that the row in the database tells of, as the corpus has it in the file `whole`. */
const BODY = Buffer.from('Subject: kept\r\n\r\nThe quick brown fox.\r\n'.repeat(4))

/**
 * A segment file with anything in it, under a row that says what should be: what is delivered is the body, whole; else it is
 * told to be damaged before an octet was handed out.
 */
export function segment(): Target {
  const dir = mkdtempSync(join(tmpdir(), 'postern-fuzz-'))
  const path = join(dir, 'segment')
  const expected = {messageId: 'Q1', size: BODY.length, crc: crc32(BODY)}
  const whole = readCorpus('segment').find(({name}) => name === 'whole')!.octets
  return {
    name: 'segment',
    dictionary: [
      'PSTNBODY',
      whole.subarray(0, 16),
      whole.subarray(-16),
      Buffer.alloc(4),
      Buffer.of(0, 0, 1, 0),
      Buffer.of(1, 0, 1, 0),
    ],
    check: async (input) => {
      writeFileSync(path, input)
      const read = await taken(readSegment(path, expected))
      holds(read.error ? read.octets.length === 0 : read.octets.equals(BODY), 'what was delivered is not the body')
      const salvaged = await taken(readFrames(path, expected))
      holds(salvaged.octets.length <= input.length, 'octets out of nowhere')
      holds((salvaged.error === null) === (read.error === null), 'whole to one reader, damaged to the other')
      return [(read.error ?? 'whole').replace(/\d+/g, '#'), `${salvaged.octets.length > 0}`]
    },
    close: async () => rmSync(dir, {recursive: true}),
  }
}

async function taken(frames: AsyncGenerator<Buffer>): Promise<{octets: Buffer; error: string | null}> {
  const pieces: Buffer[] = []
  try {
    for await (const piece of frames) pieces.push(Buffer.from(piece))
  } catch (error) {
    holds(error instanceof PosternError && error.code === 'body-corrupt', `${error} is not of its errors`)
    return {octets: Buffer.concat(pieces), error: error.message}
  }
  return {octets: Buffer.concat(pieces), error: null}
}

/** The baseline target, on files of its own. */
export function baselineFile(): Target {
  const dir = mkdtempSync(join(tmpdir(), 'postern-fuzz-'))
  const path = join(dir, 'baseline.json')
  const write = async (octets: Buffer) => {
    writeFileSync(path, octets)
    return path
  }
  return {...baseline(write), close: async () => rmSync(dir, {recursive: true})}
}
