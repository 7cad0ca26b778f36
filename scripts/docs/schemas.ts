import {readFileSync} from 'node:fs'
import {join} from 'node:path'
import {toJsonSchema} from '@valibot/to-json-schema'
import {DOCUMENTS} from '../../src/report/schema/documents.ts'

/** docs/schema/*.json: the documents that `--json` prints, with the words of the manifest that the build wrote. */
export function schemaFiles(root: string): [string, string][] {
  const manifest = JSON.parse(readFileSync(join(root, 'oclif.manifest.json'), 'utf8')) as Manifest
  const bySchema = new Map(
    Object.entries(manifest.commands).map(([id, {summary}]) => [id.replaceAll(':', '-'), {id, summary}]),
  )
  return [...DOCUMENTS].map(([name, schema]) => {
    const command = bySchema.get(name)
    const description = command
      ? `What postern ${command.id.replaceAll(':', ' ')} --json prints: ${command.summary}.`
      : 'What every command prints under --json when it fails; the exit code is the same.'
    const {$schema, ...rules} = toJsonSchema(schema, {errorMode: 'ignore', overrideSchema: open})
    const document = {$schema, $id: `postern.${name}/1`, title: `postern.${name}/1`, description, ...rules}
    return [`docs/schema/${name}.json`, `${JSON.stringify(document, null, 2)}\n`]
  })
}

interface Manifest {
  commands: Record<string, {summary?: string}>
}

/** Ours are strict, so that tests notice a new field. Who reads a document has to bear one: fields may be added. */
function open({jsonSchema: {additionalProperties, ...rest}, valibotSchema}: OverrideContext) {
  return valibotSchema.type === 'strict_object' ? rest : undefined
}

type OverrideContext = Parameters<NonNullable<NonNullable<Parameters<typeof toJsonSchema>[1]>['overrideSchema']>>[0]
