import {spawnSync} from 'node:child_process'
import * as v from 'valibot'
import {describe, expect, test} from 'vitest'
import {probeCsv} from '../../src/report/csv.ts'
import {PROBE_SCHEMA} from '../../src/report/probe-schema.ts'
import {HOSTILE, hostileReport} from './hostile.ts'

const python = spawnSync('python3', ['--version']).status === 0
const READ = `import csv, io, json, sys
text = io.TextIOWrapper(sys.stdin.buffer, encoding="utf-8", newline="").read()
print(json.dumps(list(csv.DictReader(io.StringIO(text, newline=""), strict=True))))`

function parsed(text: string): Record<string, string>[] {
  const {status, stdout, stderr} = spawnSync('python3', ['-c', READ], {input: text, encoding: 'utf8'})
  if (status !== 0) throw new Error(stderr)
  return JSON.parse(stdout)
}

test('the sample of these tests is a document of the published schema', () => {
  expect(v.safeParse(PROBE_SCHEMA, hostileReport()).issues).toBeUndefined()
})

describe('the CSV of a probe', () => {
  const document = hostileReport()
  const text = probeCsv(document)
  const lines = text.split('\r\n')

  test('has a row for each address, and one for what has no address', () => {
    const rows = document.results.flatMap(({hosts}) =>
      hosts.length > 0 ? hosts.flatMap(({addresses}) => (addresses.length > 0 ? addresses : [null])) : [null],
    )
    expect(lines).toHaveLength(rows.length + 2)
    expect(lines.at(-1)).toBe('')
  })

  test('keeps its header, which scripts rely on', () => {
    expect(lines[0]).toBe(
      'target,verdict,exit,summary,profile,level,rule,host,preference,address,port,mode,outcome,status,none,preferred,encrypt,secure,starttls,tls_version,tls_cipher,tls_bits,tls_group,chain_trusted,chain_error,anchor,name_matched,names_presented,leaf_subject,leaf_issuer,leaf_not_before,leaf_not_after,leaf_sha256,missing_issuers,findings,failure_stage,fix,elapsed_ms',
    )
  })

  test('lets no control character through', () => {
    expect(lines.join('')).not.toMatch(/[\x00-\x1f\x7f\u202e\ud800-\udfff]/)
  })

  test.each(['=1+1', '+1', '-1', '@SUM(A1)', ' =1', '＝1'])('makes text of the formula %j', (target) => {
    const [first] = document.results
    const [, row = ''] = probeCsv({...document, results: [{...first!, hosts: [], target}]}).split('\r\n')
    expect(row.split(',')[0]).toMatch(/^'/)
  })

  test.runIf(python)("reads back in Python's csv", () => {
    const rows = parsed(text)
    expect(rows).toHaveLength(lines.length - 2)
    const hostile = rows.at(-1)!
    expect(hostile.leaf_subject).toContain('"quoted"</td>')
    expect(hostile.target).toMatch(/^'=cmd/)
    expect(hostile.target?.length).toBeGreaterThan(HOSTILE.length)
    expect(hostile).toMatchObject({verdict: 'fail', secure: 'refused', findings: 'certificate-not-trusted'})
    expect(rows[0]).toMatchObject({target: 'example.mil', port: '25', chain_trusted: 'true', elapsed_ms: '311'})
    expect(rows.find(({target}) => target === 'nomail.example')).toMatchObject({address: '', exit: '68'})
  })
})
