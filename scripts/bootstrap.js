// The one door for `npm start`, `npm test` and `npm run build` on a machine that has nothing but git, Node (20 or newer)
// and npm: installs what is missing, builds what changed, then runs the task under the package's own Node 24.
import {spawnSync} from 'node:child_process'
import {createHash} from 'node:crypto'
import {existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync} from 'node:fs'
import {dirname, join, relative} from 'node:path'
import {fileURLToPath} from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const [task = 'build', ...rest] = process.argv.slice(2)

install()
const node = pickNode()
build()
if (task === 'demo') exitWith(run(node, ['bin/run.js', 'demo', ...rest]))
if (task === 'test') exitWith(run(node, ['node_modules/vitest/vitest.mjs', 'run', ...rest]))

function install() {
  const wanted = hash(['package.json', 'package-lock.json'])
  const stamp = join(root, 'node_modules', '.postern-installed')
  if (read(stamp) === wanted) return
  say('installing the dependencies (once)')
  const npm = process.env.npm_execpath
  const args = ['ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error']
  const status = npm ? run(process.execPath, [npm, ...args]) : run('npm', args)
  if (status !== 0) fail('npm ci failed; the lines above say why', status)
  writeFileSync(stamp, wanted)
}

function pickNode() {
  const local = join(root, 'node_modules', '.bin', 'node')
  if (existsSync(local)) return local
  if (Number(process.versions.node.split('.')[0]) >= 24) return process.execPath
  return fail(
    'no Node 24 here: the npm package "node" did not install; allow its install script or install Node 24',
    69,
  )
}

function build() {
  const wanted = hash([
    ...sources('src'),
    ...sources('commands'),
    'tsconfig.json',
    'package.json',
    'scripts/bundle.js',
    'scripts/manifest.js',
  ])
  const stamp = join(root, 'dist', '.built')
  if (read(stamp) === wanted && existsSync(join(root, 'oclif.manifest.json'))) return
  say('building')
  rmSync(join(root, 'dist'), {recursive: true, force: true})
  must(run(node, ['scripts/bundle.js']), 'the build failed')
  must(run(node, ['scripts/manifest.js']), 'the command manifest could not be written')
  mkdirSync(dirname(stamp), {recursive: true})
  writeFileSync(stamp, wanted)
}

function sources(dir) {
  return readdirSync(join(root, dir), {recursive: true, withFileTypes: true})
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => relative(root, join(entry.parentPath ?? entry.path, entry.name)))
    .sort()
}

function hash(files) {
  const sum = createHash('sha256')
  for (const file of files) sum.update(`${file}\0`).update(readFileSync(join(root, file)))
  return sum.digest('hex')
}

function read(file) {
  return existsSync(file) ? readFileSync(file, 'utf8') : null
}

function run(command, args) {
  const {status, error} = spawnSync(command, args, {cwd: root, stdio: 'inherit'})
  if (error) fail(`cannot run ${command}: ${error.message}`, 70)
  return status ?? 70
}

function must(status, message) {
  if (status !== 0) fail(message, status)
}

function exitWith(status) {
  process.exit(status)
}

// Talk goes to stderr, so that what the task prints on stdout stays its answer.
function say(message) {
  console.error(`postern: ${message}`)
}

function fail(message, status) {
  say(message)
  process.exit(status)
}
