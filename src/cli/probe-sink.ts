import type {Tally} from '../app/probe-domains.ts'
import type {ProbeDocument, ProbeResult} from '../report/probe-schema.ts'
import {openFileStream} from '../state/file-stream.ts'
import {writeOutputFile} from '../state/output-file.ts'
import {jsonLine, tableBlock, tableEnd} from './probe-output.ts'
import {type ProbeFormat, rendering, type WholeFormat} from './probe-renderings.ts'

/** Where results go: written as they come where the format can, else kept until the end. */
export interface ProbeSink {
  result(result: ProbeResult, index: number): Promise<void>
  /** All there is; what was kept is in the document. */
  end(tally: Tally): Promise<ProbeDocument>
  /** Nothing is left behind of an answer that was not ended. */
  abandon(): Promise<void>
}

type Head = Omit<ProbeDocument, 'results'>

/** `json`: the document is printed by somebody else, as `--json` has it. */
export interface SinkOptions {
  head: Head
  format: ProbeFormat
  json: boolean
  output: string | undefined
  /** Postern's own, which some formats name. */
  version: string
  /** Before anything is written to the terminal. */
  before(): void
}

/** Where the results go, and when: as they come, or all at the end. Throws what `--output` cannot be opened for. */
export async function probeSink(options: SinkOptions): Promise<ProbeSink> {
  const {format, json} = options
  if (json) return collecting(options, 'json')
  return format === 'table' || format === 'jsonl' ? streaming(options, format) : collecting(options, format)
}

async function streaming({head, format, output, before}: SinkOptions, as: 'table' | 'jsonl'): Promise<ProbeSink> {
  const file = output === undefined ? null : await openFileStream(output)
  const stream = file ? null : process.stdout
  const write = async (text: string) => {
    before()
    await (file ? file.write(text) : written(process.stdout, text))
  }
  let first = true
  return {
    result: (result) => {
      const text = as === 'jsonl' ? jsonLine(head, result) : tableBlock(result, stream)
      const gap = as === 'table' && !first ? '\n' : ''
      first = false
      return write(`${gap}${text}\n`)
    },
    end: async (tally) => {
      const end = format === 'table' ? tableEnd(tally, stream) : ''
      if (end !== '') await write(`${first ? '' : '\n'}${end}\n`)
      await file?.commit()
      return {...head, results: []}
    },
    abandon: async () => file?.abandon(),
  }
}

function collecting({head, json, output, version, before}: SinkOptions, as: WholeFormat): ProbeSink {
  const results: ProbeResult[] = []
  return {
    result: async (result, index) => {
      results[index] = result
    },
    end: async () => {
      // Places of those that were given up stay empty.
      const document: ProbeDocument = {...head, results: results.filter(Boolean)}
      before()
      if (output !== undefined) await writeOutputFile(output, await rendering(document, as, version))
      else if (!json) await written(process.stdout, await rendering(document, as, version))
      return document
    },
    abandon: async () => {},
  }
}

/** A reader that is slower than we are holds us back, rather than filling the memory. */
function written(stream: NodeJS.WriteStream, text: string): Promise<void> {
  return new Promise((resolve) => {
    if (stream.write(text)) resolve()
    else stream.once('drain', resolve)
  })
}
