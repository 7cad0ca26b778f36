import {toJsonSchema} from '@valibot/to-json-schema'
import {PROBE_SCHEMA} from '../../src/report/probe-schema.ts'

/** docs/schema/*.json: the documents that `--json` prints. */
export function schemaFiles(): [string, string][] {
  return [file('probe', PROBE_SCHEMA)]
}

function file(name: string, schema: Parameters<typeof toJsonSchema>[0]): [string, string] {
  const document = {$id: `postern.${name}/1`, ...toJsonSchema(schema)}
  return [`docs/schema/${name}.json`, `${JSON.stringify(document, null, 2)}\n`]
}
