// Writes the generated pages of docs/, or with --check says which are stale and which links of the README lead nowhere.
import {existsSync, mkdirSync, readFileSync, writeFileSync} from 'node:fs'
import {dirname, join} from 'node:path'
import {fileURLToPath} from 'node:url'
import {commandPage} from './docs/commands.ts'
import {errorPage} from './docs/errors.ts'
import {exitCodePage} from './docs/exit-codes.ts'
import {findingPage} from './docs/findings.ts'
import {labPage} from './docs/lab.ts'
import {schemaFiles} from './docs/schemas.ts'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const pages = new Map<string, string>([
  ['docs/commands.md', commandPage(root)],
  ['docs/errors.md', errorPage(root)],
  ['docs/exit-codes.md', exitCodePage()],
  ['docs/findings.md', findingPage()],
  ['docs/lab.md', labPage()],
  ...schemaFiles(root),
])

const problems = process.argv.includes('--check') ? [...stalePages(), ...brokenLinks()] : writePages()
for (const problem of problems) console.error(problem)
process.exitCode = problems.length === 0 ? 0 : 1

function writePages(): string[] {
  for (const [path, text] of pages) {
    mkdirSync(dirname(join(root, path)), {recursive: true})
    writeFileSync(join(root, path), text)
  }
  return []
}

function stalePages(): string[] {
  return [...pages].flatMap(([path, text]) => {
    const file = join(root, path)
    return existsSync(file) && readFileSync(file, 'utf8') === text ? [] : [`${path} is stale: npm run docs`]
  })
}

function brokenLinks(): string[] {
  return ['README.md', 'CONTRIBUTING.md', 'CHANGELOG.md'].flatMap((page) => {
    const links = readFileSync(join(root, page), 'utf8').matchAll(/\]\((?!https?:|#|mailto:)([^)#\s]+)/g)
    return [...links].flatMap(([, target]) => (existsSync(join(root, target!)) ? [] : [`${page}: no file ${target}`]))
  })
}
