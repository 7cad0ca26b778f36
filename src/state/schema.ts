import * as v from 'valibot'
import {PosternError} from '../mail/error.ts'

/** Pieces of the schemas of our YAML files. Every message begins with what was expected. */

/** One of a few words. */
export function word<const T extends readonly string[]>(options: T) {
  return v.picklist(options, `expected ${options.slice(0, -1).join(', ')} or ${options.at(-1)}`)
}

/** A text that `parse` understands; null or a `PosternError` is its way of saying no. */
export function text<T>(expected: string, parse: (text: string) => T | null) {
  const message = `expected ${expected}`
  return v.pipe(
    v.string(message),
    v.rawTransform(({dataset, addIssue, NEVER}) => {
      const read = attempt(dataset.value, parse)
      if (read !== null) return read
      addIssue({message})
      return NEVER
    }),
  )
}

/** The text itself, when `parse` understands it. */
export function checkedText(expected: string, parse: (text: string) => unknown) {
  return text(expected, (value) => (parse(value) === null ? null : value))
}

/** Whole numbers of a range; both ends belong to it. */
export function whole(expected: string, least: number, most: number) {
  const message = `expected ${expected}`
  return v.pipe(v.number(message), v.integer(message), v.minValue(least, message), v.maxValue(most, message))
}

/**
 * A list, or one value for a list of one. `key:` with nothing behind it is no empty list: where empty means "everything",
 * an unfinished line must not.
 */
export function listOf<S extends v.GenericSchema<unknown, unknown>>(item: S) {
  return v.pipe(
    v.union([v.string(), v.array(v.unknown())], 'expected a list'),
    v.transform((value): unknown[] => (Array.isArray(value) ? value : [value])),
    v.array(item),
  )
}

/** `""` and nothing are no comment. */
export const comment = v.optional(
  v.pipe(
    v.nullable(v.string('expected a text')),
    v.transform((value) => value || null),
  ),
  null,
)

function attempt<T>(value: string, parse: (text: string) => T | null): T | null {
  try {
    return parse(value)
  } catch (error) {
    if (error instanceof PosternError) return null
    throw error
  }
}
