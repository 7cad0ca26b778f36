import {toJsonSchema} from '@valibot/to-json-schema'
import {DOCUMENTS} from '../../src/report/schema/documents.ts'

/** docs/schema/*.json: the documents that `--json` prints. */
export function schemaFiles(): [string, string][] {
  return [...DOCUMENTS].map(([name, schema]) => {
    const document = {$id: `postern.${name}/1`, ...toJsonSchema(schema, {errorMode: 'ignore'})}
    return [`docs/schema/${name}.json`, `${JSON.stringify(document, null, 2)}\n`]
  })
}
