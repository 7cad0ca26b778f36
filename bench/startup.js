// Start-up of a few commands as a ratio to `node -e 0`, alternating, medians of one run.
import {spawnSync} from 'node:child_process'
import {mkdtempSync, rmSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {fileURLToPath} from 'node:url'

const ROUNDS = 15
const bin = fileURLToPath(new URL('../bin/run.js', import.meta.url))
const dir = mkdtempSync(join(tmpdir(), 'postern-bench-'))
const env = {...process.env, POSTERN_CONFIG_DIR: dir, POSTERN_DATA_DIR: dir}
const cases = {
  'node -e 0': ['-e', '0'],
  'postern config path': [bin, 'config', 'path'],
  'postern policy list': [bin, 'policy', 'list'],
  'postern probe --help': [bin, 'probe', '--help'],
}

const times = new Map(Object.keys(cases).map((name) => [name, []]))
for (let round = 0; round < ROUNDS; round++) {
  for (const [name, args] of Object.entries(cases)) {
    const start = performance.now()
    spawnSync(process.execPath, args, {env, stdio: 'ignore'})
    times.get(name).push(performance.now() - start)
  }
}
rmSync(dir, {recursive: true})

const median = (numbers) => numbers.sort((a, b) => a - b)[Math.floor(numbers.length / 2)]
const base = median(times.get('node -e 0'))
for (const [name, list] of times) {
  const time = median(list)
  console.log(`${name.padEnd(24)} ${time.toFixed(0).padStart(5)} ms  ${(time / base).toFixed(1)} ×`)
}
