import * as v from 'valibot'
import {type Document, isMap, isScalar, isSeq, LineCounter, type Node, parseDocument} from 'yaml'
import {printable} from '../mail/domain.ts'
import {Exit, type ExitCode, PosternError} from '../mail/error.ts'
import {nearest} from './suggest.ts'

/** The text of one YAML file, and what a mistake in it means: 78 in our own state, 65 in a file that was handed to us. */
export interface YamlSource {
  path: string
  text: string
  exit?: ExitCode
  /** Characters; default: a MiB. */
  largest?: number
}

/** Where a value stands: keys and indices from the root. */
export type YamlPath = readonly (string | number)[]

export type AnySchema = v.GenericSchema<unknown, unknown>

/** A file of ours is some kilobytes; a larger one is a mistake, or somebody wants to keep us busy. */
const LARGEST = 1024 * 1024

/** One YAML file, parsed with its lines and comments. Every complaint about it goes through `complain`. */
export class YamlFile {
  readonly source: YamlSource
  readonly document: Document.Parsed
  readonly #lines = new LineCounter()

  /** Throws on bad syntax, more than one document, duplicate keys, or a size over 1 MiB. */
  constructor(source: YamlSource) {
    this.source = source
    const largest = source.largest ?? LARGEST
    const isLarge = source.text.length > largest
    const document = isLarge ? null : parsed(source.text, this.#lines)
    this.document = document ?? parseDocument('')
    if (isLarge) {
      throw this.complain([], `expected a file of at most ${largest >> 20} MiB`, 'a larger one would be a mistake')
    }
    if (!document) throw this.complain([], 'expected YAML that is not nested so deep', 'a handful of levels is enough')
    const error = this.document.errors[0] ?? this.document.warnings[0]
    if (error) throw this.#syntax(error.pos[0], error.message)
  }

  /** The content as plain data. Anchors may be used, but not to make a small file large. */
  get value(): unknown {
    try {
      return this.document.toJS({maxAliasCount: 50})
    } catch (error) {
      throw this.complain([], `expected plain YAML: ${printable((error as Error).message)}`, 'write it without anchors')
    }
  }

  /** The content as the schema has it. Throws on the first thing that does not fit: file, line, expected, found, hint. */
  read<S extends AnySchema>(schema: S, value: unknown = this.value, at: YamlPath = []): v.InferOutput<S> {
    // A list passes valibot's objects as one without keys.
    if (Array.isArray(value) && schema.type === 'strict_object') {
      throw this.complain(at, 'expected a mapping; found a list', 'write KEY: VALUE lines')
    }
    const result = v.safeParse(schema, value)
    if (result.success) return result.output
    const issues = result.issues as v.BaseIssue<unknown>[]
    // A misspelt key is also a missing one; the misspelling is the better news.
    const misspelt = issues.filter(isUnknownKey)
    const issue = misspelt[0] ?? issues[0]!
    throw this.#issue(schema, issue, at, (misspelt.length || issues.length) - 1)
  }

  /** The error that names this file and the line of `path`. */
  complain(path: YamlPath, message: string, hint: string, cause?: unknown): PosternError {
    const where = path.filter((step) => typeof step === 'string').join('.')
    const text = `${this.source.path}:${this.lineOf(path)}: ${where === '' ? '' : `${printable(where)}: `}${message}`
    return invalid(text, hint, this.source.exit, cause)
  }

  /** Counted from 1; the line of the nearest thing that exists. */
  lineOf(path: YamlPath): number {
    return this.#lines.linePos(offsetOf(this.document.contents, path)).line
  }

  #syntax(offset: number, message: string): PosternError {
    const {line, col} = this.#lines.linePos(offset)
    const text = `${this.source.path}:${line}: expected YAML: ${printable(message)} (column ${col})`
    return invalid(text, 'indent with spaces, and put texts with special characters in quotes', this.source.exit)
  }

  #issue(schema: AnySchema, issue: v.BaseIssue<unknown>, at: YamlPath, more: number): PosternError {
    const steps = (issue.path ?? []).map((item) => item.key as string | number)
    const {message, hint, path} = describeIssue(schema, issue, steps)
    const next =
      hint ?? (this.source.exit === undefined ? 'correct the line, then: postern config check' : 'correct the line')
    const rest = more === 0 ? '' : ` (${more} more in this file)`
    return this.complain([...at, ...path], message, `${next}${rest}`)
  }
}

/** Null: it is nested deeper than the parser can go. */
function parsed(text: string, lineCounter: LineCounter): Document.Parsed | null {
  try {
    return parseDocument(text, {lineCounter, prettyErrors: false, logLevel: 'error', strict: true, uniqueKeys: true})
  } catch (error) {
    if (error instanceof RangeError) return null
    throw error
  }
}

function invalid(message: string, hint: string, exit: ExitCode = Exit.badState, cause?: unknown): PosternError {
  const code = exit === Exit.badState ? 'configuration-invalid' : 'file-invalid'
  return new PosternError(code, message, {exit, hints: [hint], cause})
}

function describeIssue(schema: AnySchema, issue: v.BaseIssue<unknown>, path: YamlPath) {
  const key = String(path.at(-1) ?? '')
  const parent = schemaAt(schema, path.slice(0, -1))
  const known = parent && 'entries' in parent ? Object.keys(parent.entries as object) : []
  if (isUnknownKey(issue)) {
    const meant = nearest(key, known)
    const hint = meant ? `did you mean ${meant}?` : `the keys here are ${known.join(', ')}`
    return {path, message: 'expected no such key', hint}
  }
  if (issue.type === 'strict_object' && issue.received === 'undefined') {
    return {path: path.slice(0, -1), message: `expected the key ${key}, which is missing`, hint: `add ${key}: …`}
  }
  return {path, message: `${issue.message}; found ${shown(issue.input)}`, hint: valueHint(schema, issue, path)}
}

function isUnknownKey(issue: v.BaseIssue<unknown>): boolean {
  return issue.type === 'strict_object' && issue.expected === 'never'
}

/** null: there is nothing to say of this value in particular. */
function valueHint(schema: AnySchema, issue: v.BaseIssue<unknown>, path: YamlPath): string | null {
  const at = schemaAt(schema, path)
  const options = at && 'options' in at ? (at.options as unknown[]).map(String) : []
  const meant = typeof issue.input === 'string' ? nearest(issue.input, options) : null
  if (meant) return `did you mean ${meant}?`
  const own = (issue as {hint?: unknown}).hint
  return typeof own === 'string' ? own : null
}

/** The part of a schema that describes what stands at `path`. */
function schemaAt(schema: AnySchema, path: YamlPath): AnySchema | null {
  let here: unknown = unwrap(schema)
  for (const step of path) {
    const {entries, item} = here as {entries?: Record<string, unknown>; item?: unknown}
    const next = typeof step === 'string' ? entries?.[step] : item
    if (next === undefined) return null
    here = unwrap(next)
  }
  return here as AnySchema
}

function unwrap(schema: unknown): unknown {
  const {wrapped, pipe} = schema as {wrapped?: unknown; pipe?: unknown[]}
  if (wrapped !== undefined) return unwrap(wrapped)
  const described = pipe?.slice(1).find((part) => ['entries', 'item', 'options'].some((key) => key in (part as object)))
  return described ? unwrap(described) : schema
}

function shown(value: unknown): string {
  if (value === undefined || value === null) return 'nothing'
  if (Array.isArray(value)) return 'a list'
  return typeof value === 'object' ? 'a mapping' : printable(JSON.stringify(value), 80)
}

function offsetOf(root: Node | null, path: YamlPath): number {
  let node: unknown = root
  let offset = root?.range?.[0] ?? 0
  for (const step of path) {
    if (isMap(node)) {
      const pair = node.items.find(({key}) => isScalar(key) && String(key.value) === String(step))
      if (!pair) break
      offset = (pair.key as Node).range?.[0] ?? offset
      node = pair.value
    } else if (isSeq(node)) {
      node = node.items[Number(step)]
      offset = (node as Node | undefined)?.range?.[0] ?? offset
    } else break
  }
  return offset
}
