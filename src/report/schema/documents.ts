import * as v from 'valibot'
import {PROBE_SCHEMA} from '../probe-schema.ts'
import {CA_DOCUMENTS, CONFIG_DOCUMENTS, IDENTITY_DOCUMENTS, POLICY_DOCUMENTS, PROFILE_DOCUMENTS} from './config.ts'
import {LAB_DOCUMENTS, QUEUE_DOCUMENTS, RELAY_DOCUMENTS, SEND_DOCUMENTS, STORY_DOCUMENTS} from './running.ts'
import {USER_DOCUMENTS} from './users.ts'

const bodies = {
  ...CA_DOCUMENTS,
  ...IDENTITY_DOCUMENTS,
  ...PROFILE_DOCUMENTS,
  ...POLICY_DOCUMENTS,
  ...CONFIG_DOCUMENTS,
  ...RELAY_DOCUMENTS,
  ...USER_DOCUMENTS,
  ...QUEUE_DOCUMENTS,
  ...SEND_DOCUMENTS,
  ...LAB_DOCUMENTS,
  ...STORY_DOCUMENTS,
  error: v.strictObject({
    error: v.strictObject({code: v.string(), message: v.string(), hints: v.array(v.string()), exit: v.number()}),
  }),
}

type Bodies = typeof bodies

/** What the command of that name answers with: its `run()` returns this, so that code and schema cannot part. */
export type DocumentOf<Name extends keyof Bodies> = {schema: `postern.${Name}/1`} & v.InferOutput<Bodies[Name]>

/**
 * Every document that `--json` prints, by the name in its `schema` field (`postern.NAME/1`). A contract: fields may be
 * added here, none may change its meaning or go. They are strict, so that a field nobody published is noticed.
 */
export const DOCUMENTS: ReadonlyMap<string, v.GenericSchema> = new Map<string, v.GenericSchema>([
  ['probe', PROBE_SCHEMA],
  ...Object.entries<Body>(bodies).map(([name, body]): [string, v.GenericSchema] => [name, named(name, body)]),
])

type Fields = v.StrictObjectSchema<v.ObjectEntries, undefined>
type Body = Fields | v.UnionSchema<Fields[], undefined>

function named(name: string, body: Body): v.GenericSchema {
  if (body.type === 'union') return v.union(body.options.map((option) => named(name, option)))
  return v.strictObject({schema: v.literal(`postern.${name}/1`), ...body.entries})
}
