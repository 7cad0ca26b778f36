import {readdir, readFile} from 'node:fs/promises'
import {join} from 'node:path'
import {describe, expect, test} from 'vitest'
import {run, scratch} from '../support/cli.ts'

/** Port 1 of loopback, where nobody listens: a look that comes to an answer without any peer. */
const probe = (...args: string[]) =>
  run(['probe', '--connect', '127.0.0.1:1', '--name', 'mx1.example.mil', '--quiet', ...args])

describe('probe --format', () => {
  test.each([
    ['csv', /^target,verdict,[\s\S]*\r\n$/],
    ['junit', /^<\?xml [\s\S]*<error type="[\s\S]*<\/testsuites>\n$/],
    ['sarif', /^\{\n[\s\S]*"version": "2\.1\.0"[\s\S]*\}\n$/],
    ['prometheus', /^# HELP [\s\S]*postern_probe_success\{target="[^"]+"\} 0\n[\s\S]*\n$/],
    ['html', /^<!doctype html>\n[\s\S]*could not be judged[\s\S]*<\/html>\s*$/i],
    ['json', /^\{\n[\s\S]*"postern\.probe\/1"[\s\S]*\}\n$/],
  ])('%s prints that and nothing else', async (format, form) => {
    const {stdout, stderr, code} = await probe('--format', format)
    expect({code, stderr}).toEqual({code: 75, stderr: ''})
    expect(stdout).toMatch(form)
  })

  test('names the version of the program in sarif', async () => {
    const {stdout} = await probe('--format', 'sarif')
    const {version} = JSON.parse(await readFile(new URL('../../package.json', import.meta.url), 'utf8'))
    expect(JSON.parse(stdout).runs[0].tool.driver.semanticVersion).toBe(version)
  })

  test('goes whole to the file of --output, and leaves no other file', async () => {
    await using temporary = await scratch()
    const {stdout} = await probe('--format', 'html', '--output', join(temporary.dir, 'page.html'))
    expect(stdout).toBe('')
    expect(await readFile(join(temporary.dir, 'page.html'), 'utf8')).toMatch(/^<!doctype html>[\s\S]*<\/html>\n$/)
    expect(await readdir(temporary.dir)).toEqual(['page.html'])
  })

  test('gives way to --json', async () => {
    const {json} = await probe('--format', 'html', '--json')
    expect(json.schema).toBe('postern.probe/1')
  })

  test('lists what there is when asked for something else', async () => {
    const {code, stderr} = await probe('--format', 'pdf')
    expect(code).toBe(64)
    expect(stderr).toContain('table, json, jsonl, csv, junit, sarif, prometheus, html')
  })
})
