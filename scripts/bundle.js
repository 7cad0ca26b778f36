// Bundles the program into dist/: one file a command, shared code in chunks. A command then opens a dozen files instead
// of several hundred, which is most of its start-up time (docs/adr/0004-bundle.md).
import {readdirSync} from 'node:fs'
import {join} from 'node:path'
import {rolldown} from 'rolldown'

const commands = readdirSync('commands', {recursive: true, encoding: 'utf8'})
  .filter((name) => name.endsWith('.ts'))
  .map((name) => join('commands', name))
const entries = [...commands, 'src/cli/start.ts'].map((file) => [file.replace(/\.ts$/, ''), file])

const bundle = await rolldown({
  input: {
    ...Object.fromEntries(entries),
    // The queue starts its worker by the address of the file beside it.
    'chunks/worker': 'src/queue/worker.ts',
    'chunks/database-thread': 'src/queue/database-thread.ts',
  },
  platform: 'node',
  // Finds its own workers by their files.
  external: ['pino'],
  logLevel: 'warn',
})
await bundle.write({
  dir: 'dist',
  format: 'esm',
  entryFileNames: '[name].js',
  chunkFileNames: 'chunks/[name]-[hash].js',
})
