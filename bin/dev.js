#!/usr/bin/env node
// From the sources, without a build: Node strips the types itself. Needs Node 24.
import {dirname} from 'node:path'
import {fileURLToPath} from 'node:url'

const {start} = await import('../src/cli/start.ts')
await start(dirname(dirname(fileURLToPath(import.meta.url))), {sources: true})
