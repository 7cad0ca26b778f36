#!/usr/bin/env node
// Plain JavaScript that an old Node can read: it either starts the product or says what is missing.
import {spawnSync} from 'node:child_process'
import {existsSync, realpathSync} from 'node:fs'
import module from 'node:module'
import {dirname, join} from 'node:path'
import {fileURLToPath} from 'node:url'

const root = dirname(dirname(realpathSync(fileURLToPath(import.meta.url))))

if (Number(process.versions.node.split('.')[0]) < 24) {
  const local = join(root, 'node_modules', '.bin', 'node')
  if (existsSync(local) && !process.env.POSTERN_REEXEC) {
    const env = {...process.env, POSTERN_REEXEC: '1'}
    const child = spawnSync(local, process.argv.slice(1), {stdio: 'inherit', env})
    if (child.signal) process.kill(process.pid, child.signal)
    process.exit(child.status ?? 70)
  }
  console.error(
    `postern: needs Node 24 or newer, this is ${process.versions.node}; install it, or run "npm install" in ${root}`,
  )
  process.exit(69)
}

// Compiled code is kept between runs; before the first import, or it misses most of them.
module.enableCompileCache?.()
const {start} = await import('../dist/src/cli/start.js')
await start(root)
