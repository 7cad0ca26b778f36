/**
 * The byte-level fuzzer, for maintainers: `npm run fuzz -- TARGET… [--seconds N] [--seed N] [--save] [--input FILE]`; without a
 * target all of them in turn. `--save` puts inputs that met with something new into the corpus, `--input` looks at one file alone.
 */
import {readFileSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {parseArgs} from 'node:util'
import {saveInput} from './corpus.ts'
import {essence, type FuzzResult, fuzz} from './engine.ts'
import type {Target} from './target.ts'
import {TARGETS} from './targets.ts'

const {values, positionals} = parseArgs({
  allowPositionals: true,
  options: {
    seconds: {type: 'string', default: '60'},
    seed: {type: 'string', default: String(Date.now() % 2 ** 32)},
    save: {type: 'boolean', default: false},
    input: {type: 'string'},
  },
})
/** Milliseconds that an input may take, on a machine that has other things to do too. */
const SLOWEST = 5_000
/** Inputs that one run adds to the corpus of a target. */
const MOST_SAVED = 30

const strange = positionals.filter((name) => !TARGETS.has(name))
if (strange.length > 0) {
  console.error(`no target ${strange.join(', ')}; there are: ${[...TARGETS.keys()].join(' ')}`)
  process.exit(64)
}
const names = positionals.length > 0 ? positionals : [...TARGETS.keys()]
let bugs = 0
for (const name of names) {
  const target = await TARGETS.get(name)!()
  if (values.input === undefined) await longRun(target)
  else console.log([...(await target.check(readFileSync(values.input)))].join('\n'))
  await target.close?.()
}
process.exit(bugs === 0 ? 0 : 1)

async function longRun(target: Target): Promise<void> {
  const seed = Number(values.seed)
  const end = performance.now() + Number(values.seconds) * 1000
  const result = await fuzz(target, {seed, enough: () => performance.now() > end, slowest: SLOWEST})
  const found = `${result.executions} executions, ${result.novel.length} inputs with something new`
  console.log(`${target.name}: seed ${seed}, ${found}${result.failure ? ', a BUG' : ''}`)
  if (result.failure) tellBug(target.name, result.failure)
  if (values.save)
    for (const found of result.novel.slice(0, MOST_SAVED)) saveInput(target.name, await essence(target, found))
}

function tellBug(name: string, {input, error, execution}: NonNullable<FuzzResult['failure']>): void {
  bugs++
  const path = join(tmpdir(), `postern-fuzz-${name}`)
  writeFileSync(path, input)
  console.log(
    `  at execution ${execution}; ${input.length} octets in ${path}: ${JSON.stringify(input.toString('latin1')).slice(0, 500)}`,
  )
  console.log(`  ${error.stack}`)
}
