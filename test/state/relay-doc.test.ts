import {readFile} from 'node:fs/promises'
import {expect, test} from 'vitest'
import {RELAY_SCHEMA, readSettings} from '../../src/state/relay-file.ts'

const read = (name: string) => readFile(new URL(`../../docs/${name}`, import.meta.url), 'utf8')

interface Node {
  entries?: Record<string, Node>
  wrapped?: Node
  pipe?: Node[]
  item?: Node
}

/** `tls.identity` for a section, the key alone for what stands at the top or in a list. */
function keysOf(node: Node, section = ''): string[] {
  const {entries} = node.wrapped ?? node
  return Object.entries(entries ?? {}).flatMap(([key, value]) => {
    const inner = value.wrapped ?? value
    return inner.entries && key !== 'metrics' ? keysOf(inner, `${key}.`) : [`${section}${key}`]
  })
}

test('docs/relay.md and docs/receiving.md name every key of relay.yaml', async () => {
  const text = `${await read('relay.md')}${await read('receiving.md')}`
  const keys = keysOf(RELAY_SCHEMA as unknown as Node)
  expect(keys.length).toBeGreaterThan(35)
  const named = (key: string) => {
    const last = key.slice(key.indexOf('.') + 1)
    return [`\`${key}\``, `\`${last}\``, `\`.${last}\``, `\`${last}: `].some((word) => text.includes(word))
  }
  expect(keys.filter((key) => !named(key))).toEqual([])
})

test.each(['relay.md', '../README.md'])('the example in docs/%s is a valid relay.yaml', async (page) => {
  const [, example] = /```yaml\n([\s\S]*?)```/.exec(await read(page))!
  const {settings} = readSettings({path: 'relay.yaml', text: example!})
  expect(settings).toMatchObject({hostname: 'relay.example.org', domains: ['example.org']})
})
