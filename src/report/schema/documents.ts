import * as v from 'valibot'
import {PROBE_SCHEMA} from '../probe-schema.ts'
import {CA_DOCUMENTS, CONFIG_DOCUMENTS, IDENTITY_DOCUMENTS, POLICY_DOCUMENTS, PROFILE_DOCUMENTS} from './config.ts'
import {LAB_DOCUMENTS, QUEUE_DOCUMENTS, RELAY_DOCUMENTS, SEND_DOCUMENTS, STORY_DOCUMENTS} from './running.ts'

const bodies = {
  ...CA_DOCUMENTS,
  ...IDENTITY_DOCUMENTS,
  ...PROFILE_DOCUMENTS,
  ...POLICY_DOCUMENTS,
  ...CONFIG_DOCUMENTS,
  ...RELAY_DOCUMENTS,
  ...QUEUE_DOCUMENTS,
  ...SEND_DOCUMENTS,
  ...LAB_DOCUMENTS,
  ...STORY_DOCUMENTS,
  error: v.object({
    error: v.object({code: v.string(), message: v.string(), hints: v.array(v.string()), exit: v.number()}),
  }),
}

/**
 * Every document that `--json` prints, by the name in its `schema` field (`postern.NAME/1`). A contract: fields may be
 * added, none may change its meaning or go.
 */
export const DOCUMENTS: ReadonlyMap<string, v.GenericSchema> = new Map<string, v.GenericSchema>([
  ['probe', PROBE_SCHEMA],
  ...Object.entries<Body>(bodies).map(([name, body]): [string, v.GenericSchema] => [name, named(name, body)]),
])

type Fields = v.ObjectSchema<v.ObjectEntries, undefined> | v.LooseObjectSchema<v.ObjectEntries, undefined>
type Body = Fields | v.UnionSchema<Fields[], undefined>

function named(name: string, body: Body): v.GenericSchema {
  if (body.type === 'union') return v.union(body.options.map((option) => named(name, option)))
  const entries = {schema: v.literal(`postern.${name}/1`), ...body.entries}
  return body.type === 'object' ? v.object(entries) : v.looseObject(entries)
}
