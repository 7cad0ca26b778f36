#!/usr/bin/env node
// Plain JavaScript that an old Node can read: it either starts the product or says what is missing.
import {spawn} from 'node:child_process'
import {existsSync, realpathSync} from 'node:fs'
import module from 'node:module'
import {dirname, join} from 'node:path'
import {isatty} from 'node:tty'
import {fileURLToPath} from 'node:url'

const root = dirname(dirname(realpathSync(fileURLToPath(import.meta.url))))

if (Number(process.versions.node.split('.')[0]) < 24) {
  const local = join(root, 'node_modules', '.bin', 'node')
  if (existsSync(local) && !process.env.POSTERN_REEXEC) {
    await becomeChild(local)
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

// What is sent to us is meant for the program: who stops the relay by our pid must not leave it running behind us, and the
// prompt comes back when it has ended, with its exit code. A terminal sends ctrl-C to both of us by itself, and a second
// one would cut short what the first one began.
function becomeChild(node) {
  // Before the child is there: a signal may come as soon as it is.
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP']
  const terminal = [0, 1, 2].some((fd) => isatty(fd))
  for (const name of signals) process.on(name, () => (name === 'SIGINT' && terminal) || child.kill(name))
  const child = spawn(node, process.argv.slice(1), {stdio: 'inherit', env: {...process.env, POSTERN_REEXEC: '1'}})
  child.on('exit', (code, signal) => {
    for (const name of signals) process.removeAllListeners(name)
    if (signal) process.kill(process.pid, signal)
    process.exit(code ?? 70)
  })
  return new Promise((_, reject) => child.on('error', reject))
}
