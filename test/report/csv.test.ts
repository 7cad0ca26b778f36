import {spawnSync} from 'node:child_process'
import {expect, test} from 'vitest'
import {probeCsv} from '../../src/report/csv.ts'
import {hostileReport} from './hostile.ts'
import {sampleReport} from './sample.ts'

/** RFC 4180 §2, and nothing beyond it: throws on a stray quote or line end. */
function parse(text: string): string[][] {
  const rows: string[][] = [[]]
  const token = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n)/y
  while (token.lastIndex < text.length) {
    const at = token.lastIndex
    const [, quoted, plain, end] = token.exec(text) ?? []
    if (end === undefined) throw new Error(`not RFC 4180 at octet ${at}: ${text.slice(at, at + 40)}`)
    rows.at(-1)!.push(quoted?.replaceAll('""', '"') ?? plain ?? '')
    if (end === '\r\n' && token.lastIndex < text.length) rows.push([])
  }
  return rows
}

function records(text: string): Record<string, string>[] {
  const [header = [], ...rows] = parse(text)
  return rows.map((row) => {
    expect(row).toHaveLength(header.length)
    return Object.fromEntries(header.map((name, i) => [name, row[i]!]))
  })
}

test('has one row for each address, and one for whatever has none', () => {
  const rows = records(probeCsv(sampleReport()))
  expect(rows.map(({target, host, address}) => [target, host, address])).toEqual([
    ['example.mil', 'mx1.example.mil', '192.0.2.10'],
    ['example.mil', 'mx1.example.mil', '2001:db8:25::10'],
    ['example.mil', 'mx2.example.mil', '192.0.2.20'],
    ['partner.example', 'mx1.partner.example', '198.51.100.6'],
    ['partner.example', 'mx2.partner.example', '198.51.100.7'],
    ['impostor.example', 'mx1.impostor.example', '203.0.113.66'],
    ['expired.example', 'mx1.expired.example', '192.0.2.99'],
    ['legacy.example', 'mail.legacy.example', '198.51.100.25'],
    ['broken.example', 'mx.broken.example', '198.51.100.40'],
    ['away.example', 'mx1.away.example', '203.0.113.9'],
    ['away.example', 'mx2.away.example', ''],
    ['nomail.example', '', ''],
    ['xn--mller-kva.example', 'mail.xn--mller-kva.example', '2001:db8:77::25'],
  ])
  expect(rows[4]).toMatchObject({
    ...{verdict: 'fail', exit: '1', profile: 'secure-mil', rule: 'r1', outcome: 'refused', status: '4.7.5'},
    ...{none: 'clear', secure: 'refused', tls_group: 'X25519MLKEM768', chain_trusted: 'false', name_matched: 'true'},
    ...{findings: 'certificate-not-trusted', failure_stage: 'certificate', leaf_not_after: '2027-03-18T23:59:59.000Z'},
    missing_issuers: 'CN=Example Military Mail CA 7,O=Example Department of Defence,C=US',
  })
  expect(rows[11]).toMatchObject({exit: '68', findings: 'null-mx', status: '5.1.10', none: ''})
})

test('has a stable header', () => {
  expect(probeCsv(sampleReport()).split('\r\n')[0]).toMatchInlineSnapshot(
    `"target,verdict,exit,summary,profile,level,rule,host,preference,address,port,mode,outcome,status,none,preferred,encrypt,secure,starttls,tls_version,tls_cipher,tls_bits,tls_group,chain_trusted,chain_error,anchor,name_matched,names_presented,leaf_subject,leaf_issuer,leaf_not_before,leaf_not_after,leaf_sha256,missing_issuers,findings,failure_stage,fix,elapsed_ms"`,
  )
})

test('gives a spreadsheet no formula, whatever a peer names itself', () => {
  const report = hostileReport()
  const {chain} = report.results.at(-1)!.hosts[0]!.addresses[0]!
  const formulas = ['=1+1', '+1', '-1+1', '@SUM(A1)', '\t=1', '\r=1', ' =1', '＝1', '|calc']
  for (const formula of formulas) {
    chain!.presented[0]!.subject = formula
    const row = records(probeCsv(report)).at(-2)
    expect(row!.leaf_subject, JSON.stringify(formula)).toMatch(/^['\\]/)
  }
  for (const cell of parse(probeCsv(report)).flat()) expect(cell).not.toMatch(/^[=+\-@\t\r]|[\x00-\x1f]/)
})

const python = spawnSync('python3', ['--version']).status === 0
const READ = `import csv, io, json, sys
text = io.TextIOWrapper(sys.stdin.buffer, encoding="utf-8", newline="").read()
print(json.dumps(list(csv.DictReader(io.StringIO(text, newline=""), strict=True))))`

test.runIf(python)("reads back in Python's csv as it reads back here", () => {
  const text = probeCsv(hostileReport())
  const {status, stdout, stderr} = spawnSync('python3', ['-c', READ], {input: text, encoding: 'utf8'})
  expect(status, stderr).toBe(0)
  expect(JSON.parse(stdout)).toEqual(records(text))
})
