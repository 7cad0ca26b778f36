import {mkdtempSync, readFileSync, rmSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {afterAll, afterEach} from 'vitest'

// Processes that a test starts inherit both variables, so the guard stands in them as well.
const dir = mkdtempSync(join(tmpdir(), 'postern-guard-'))
const log = join(dir, 'log')
const guard = new URL('./guard.mjs', import.meta.url)
process.env.POSTERN_GUARD_LOG = log
process.env.NODE_OPTIONS = `${process.env.NODE_OPTIONS ?? ''} --import ${guard.href}`.trim()
await import(guard.href)

afterEach(() => {
  const violations = readLog()
  rmSync(log, {force: true})
  if (violations !== '') throw new Error(violations)
})

afterAll(() => rmSync(dir, {recursive: true, force: true}))

function readLog(): string {
  try {
    return readFileSync(log, 'utf8')
  } catch {
    return ''
  }
}
