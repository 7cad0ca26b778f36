import {execFile} from 'node:child_process'
import {join} from 'node:path'
import {promisify} from 'node:util'
import {rolldown} from 'rolldown'
import {expect, test} from 'vitest'
import {testDirectory} from './support.ts'

const run = promisify(execFile)
const path = (name: string) => new URL(name, import.meta.url).pathname

test('a bundle opens its queue with the worker entry beside it', async () => {
  const dir = testDirectory()
  const input = {main: path('./children/opener.ts'), worker: path('../../src/queue/worker.ts')}
  const bundle = await rolldown({input, platform: 'node', external: /^node:/})
  await bundle.write({dir: join(dir, 'out'), format: 'esm', chunkFileNames: '[name].js', entryFileNames: '[name].js'})
  await bundle.close()
  const {stdout} = await run(process.execPath, [join(dir, 'out', 'main.js'), join(dir, 'queue'), 'leave'])
  expect(stdout.trim()).toBe('opened')
})
