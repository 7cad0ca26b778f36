// Memory of `postern probe` over a long list: node bench/probe-list.js [TARGETS]. A DNS server on loopback answers NXDOMAIN
// to everything, and the resident size of the program is looked at while it works.
import {spawn} from 'node:child_process'
import {createSocket} from 'node:dgram'
import {mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'

const targets = Number(process.argv[2] ?? 100_000)
const NXDOMAIN = 3
const dir = mkdtempSync(join(tmpdir(), 'postern-bench-'))

const dns = createSocket('udp4')
dns.on('message', (query, {address, port}) => {
  // The question as it came, without its EDNS record; QR, RD, RA and NXDOMAIN.
  let end = 12
  while (query[end] !== 0) end += query[end] + 1
  const answer = Buffer.from(query.subarray(0, end + 5))
  answer.writeUInt16BE(0x8180 | NXDOMAIN, 2)
  for (const count of [6, 8, 10]) answer.writeUInt16BE(0, count)
  dns.send(answer, port, address)
})
await new Promise((resolve) => dns.bind(0, '127.0.0.1', resolve))

const list = join(dir, 'list.txt')
writeFileSync(list, Array.from({length: targets}, (_, i) => `partner-${i}.example\n`).join(''))
const program = process.env.POSTERN_TEST_BIN ?? join(import.meta.dirname, '..', 'bin', 'run.js')
const resolver = `127.0.0.1:${dns.address().port}`
const args = [program, 'probe', '--file', list, '--format', 'jsonl', '--resolver', resolver, '--concurrency', '16']
const env = {...process.env, POSTERN_CONFIG_DIR: join(dir, 'config'), POSTERN_DATA_DIR: join(dir, 'data')}
const start = performance.now()
const child = spawn(process.execPath, args, {env, stdio: ['ignore', 'pipe', 'inherit']})
let lines = 0
child.stdout.on('data', (chunk) => {
  for (const octet of chunk) if (octet === 0x0a) lines += 1
})

const sizes = []
const timer = setInterval(() => {
  const found = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))
  if (found) sizes.push({lines, mib: Math.round(Number(found[1]) / 1024)})
}, 500)
const code = await new Promise((resolve) => child.once('close', resolve))
clearInterval(timer)
dns.close()
rmSync(dir, {recursive: true})

const at = (share) => sizes.find((size) => size.lines >= targets * share)?.mib
console.log(`exit ${code}, ${lines} answers, ${Math.round(lines / ((performance.now() - start) / 1000))} a second`)
console.log(`resident MiB at 5, 25, 50, 75 and 95 %: ${[0.05, 0.25, 0.5, 0.75, 0.95].map(at).join(', ')}`)
