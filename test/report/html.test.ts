import {createServer} from 'node:http'
import type {AddressInfo} from 'node:net'
import {describe, expect, test} from 'vitest'
import {standing} from '../../src/report/html/validity.ts'
import {probeHtml} from '../../src/report/html.ts'
import {chromium, domOf, pictureOf} from '../support/chromium.ts'
import {hostileReport} from './hostile.ts'
import {sampleReport} from './sample.ts'

if (!chromium) console.warn('skipped: chromium is not installed')

const sample = sampleReport()
const hostile = hostileReport()
const page = probeHtml(hostile)
const pageOf = (target: string) =>
  probeHtml({...sample, results: sample.results.filter((result) => result.target === target)})

const VOID = new Set(['meta', 'link', 'br'])

/** Names of elements that are opened or closed where they must not be. */
function misplaced(text: string): string[] {
  const open: string[] = []
  const wrong: string[] = []
  for (const [, slash, name = '', end] of text.matchAll(/<(\/?)([a-z0-9]+)(?:\s+[a-z0-9-]+="[^"<]*")*\s*(\/?)>/gi)) {
    if (end === '/' || VOID.has(name)) continue
    if (slash === '') open.push(name)
    else if (open.pop() !== name) wrong.push(name)
  }
  return [...wrong, ...open]
}

describe('the page of a probe', () => {
  test('closes every element that it opens, and has no other < or >', () => {
    expect(misplaced(page)).toEqual([])
    const style = /<style>[\s\S]*?<\/style>/
    const rest = page.replace(style, '').replace(/<!?\/?[a-z0-9]+(?:\s+[a-z0-9-]+="[^"<]*"|\s+html)*\s*\/?>/gi, '')
    expect(rest).not.toMatch(/[<>]/)
  })

  test('names no file or address that a browser would fetch, and runs nothing', () => {
    expect(page).toContain(`content="default-src &#39;none&#39;; style-src &#39;unsafe-inline&#39;; img-src data:"`)
    expect(page).not.toMatch(/<(?:script|img|iframe|object|embed|base|form)\b|\son[a-z]+="/i)
    expect(
      [...page.matchAll(/(?:href|src)="([^"]*)"/g)].map(([, to]) => to).filter((to) => !/^#|^data:,$/.test(to!)),
    ).toEqual([])
    expect(/<style>([\s\S]*?)<\/style>/.exec(page)?.[1]).not.toMatch(/url\(|@import/)
  })

  test('lets no control character through', () => {
    expect(page).not.toMatch(/[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e\ud800-\udfff\uffff]/)
  })

  test('says the verdict in words for each target', () => {
    expect(pageOf('example.mil')).toContain('The policy is met')
    expect(pageOf('partner.example')).toContain('The policy is not met')
    expect(pageOf('away.example')).toContain('This could not be judged')
  })

  test('draws the missing issuer as a dashed box, with its key and whose fault it is', () => {
    const peer = pageOf('partner.example')
    expect(peer).toMatch(
      /class="missing"[\s\S]*missing issuer[\s\S]*Example Military Mail CA 7[\s\S]*key id [0-9a-f]{40}/,
    )
    expect(peer).toContain('The partner is at fault: its host has to send it.')
    const local = pageOf('impostor.example')
    expect(local).toContain('not among our trust anchors')
    expect(local).toContain('It is up to us: our trust store lacks it.')
    expect(pageOf('example.mil')).not.toContain('class="missing"')
  })

  test('draws a chain once for all addresses that present it', () => {
    expect(pageOf('example.mil').match(/<figure>/g)).toHaveLength(2)
  })

  test('says of a certificate how long it is good for, or since when it is not', () => {
    expect(pageOf('expired.example')).toContain('expired 30 days ago')
    expect(pageOf('example.mil')).toContain('12 days left')
  })

  test.each([
    ['2026-11-27T12:00:00.000Z', 'expired less than a day ago', 'bad'],
    ['2026-11-29T12:00:00.000Z', '1 day left', 'warning'],
    ['2027-11-28T00:00:00.000Z', '365 days left', 'good'],
    ['never', 'its validity time cannot be read', 'bad'],
  ])('takes a certificate until %s for %s', (notAfter, words, shade) => {
    const span = {notBefore: '2026-01-01T00:00:00.000Z', notAfter}
    expect(standing(span, Date.parse('2026-11-28T00:00:00.000Z'))).toEqual({words, shade})
  })

  test('calls one that begins tomorrow not valid yet', () => {
    const span = {notBefore: '2026-11-29T12:00:00.000Z', notAfter: '2027-01-01T00:00:00.000Z'}
    const {words} = standing(span, Date.parse('2026-11-28T00:00:00.000Z'))
    expect(words).toBe('not valid yet, 1 day to go')
  })
})

describe.skipIf(!chromium)('in Chromium, the page', () => {
  test('has all its targets and pictures, and nothing that a peer wrote becomes an element', async () => {
    const dom = await domOf(page)
    expect(dom.match(/<article /g)).toHaveLength(hostile.results.length)
    expect(dom.match(/<svg viewBox/g)?.length).toBe(page.match(/<svg viewBox/g)?.length)
    expect(dom).not.toMatch(/<(?:script|img)\b/)
  }, 60_000)

  test('is no wider than a telephone', async () => {
    // No window of Chromium is that narrow, but a frame is; measuring needs a script, which the page itself forbids.
    const script = '<script>parent.document.title = "width " + document.documentElement.scrollWidth</script>'
    const copy = page.replace(/<meta http-equiv[^>]*>/, '').replace('</body>', () => `${script}</body>`)
    const framed = copy.replaceAll('&', '&amp;').replaceAll('"', '&quot;')
    const dom = await domOf(
      `<!doctype html><title></title><iframe width="360" height="800" srcdoc="${framed}"></iframe>`,
    )
    expect(/<title>(.*?)<\/title>/.exec(dom)?.[1]).toBe('width 360')
  }, 60_000)

  test.each([360, 1200])(
    'is drawn at %i pixels',
    async (width) => {
      const blank = await pictureOf('<!doctype html>', width, 900)
      const picture = await pictureOf(page, width, 900)
      expect(picture.readUInt32BE(16)).toBe(width)
      expect(picture.length).toBeGreaterThan(blank.length * 4)
    },
    60_000,
  )

  test('asks for nothing, where a page without care would', async () => {
    const asked: string[] = []
    const server = createServer((request, response) => {
      asked.push(`${request.headers.host}${request.url}`)
      response.end()
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const rule = `--host-resolver-rules=MAP hostile.example 127.0.0.1:${(server.address() as AddressInfo).port}`
    try {
      await domOf('<!doctype html><img src="http://hostile.example/careless">', rule)
      await domOf(page, rule)
    } finally {
      server.close()
    }
    expect(asked).toEqual(['hostile.example/careless'])
  }, 60_000)
})
