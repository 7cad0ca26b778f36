import {writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {pathToFileURL} from 'node:url'
import {afterAll, beforeAll, describe, expect, test} from 'vitest'
import {standing} from '../../src/report/html/validity.ts'
import {probeHtml} from '../../src/report/html.ts'
import {browserPage, CHROMIUM, type Page} from '../support/browser.ts'
import {scratch} from '../support/cli.ts'
import {hostileReport} from './hostile.ts'
import {sampleReport} from './sample.ts'

if (CHROMIUM === null) console.warn('skipped: chromium is not installed')

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

describe.skipIf(CHROMIUM === null)('in Chromium, the page', {timeout: 60_000}, () => {
  let browser: Page
  let dir: Awaited<ReturnType<typeof scratch>>
  let url: string

  beforeAll(async () => {
    dir = await scratch()
    await writeFile(join(dir.dir, 'page.html'), page)
    url = pathToFileURL(join(dir.dir, 'page.html')).href
    browser = await browserPage()
  }, 60_000)
  afterAll(async () => {
    await browser[Symbol.asyncDispose]()
    await dir[Symbol.asyncDispose]()
  })

  const count = (selector: string) => browser.evaluate<number>(`document.querySelectorAll('${selector}').length`)

  test('has all its targets and pictures, and nothing that a peer wrote becomes an element', async () => {
    await browser.open(url, {width: 1200})
    expect(await count('article')).toBe(hostile.results.length)
    expect(await count('figure > svg')).toBe(page.match(/<figure>/g)?.length)
    expect(await count('script, img, style ~ style, [onerror]')).toBe(0)
  })

  test.each([
    {width: 360},
    {width: 360, dark: true},
    {width: 1200},
    {width: 1200, dark: true},
    {width: 700, print: true},
  ])('asks for no other file and is no wider than its window: %j', async (view) => {
    browser.requests.length = 0
    await browser.open(url, view)
    expect(await browser.evaluate('document.documentElement.scrollWidth')).toBe(view.width)
    expect((await browser.screenshot()).readUInt32BE(16)).toBe(view.width)
    expect(browser.requests.filter((asked) => !asked.startsWith('data:'))).toEqual([url])
    expect(browser.complaints).toEqual([])
  })

  test.each([
    ['light', {dark: false}],
    ['dark', {dark: true}],
    ['print', {print: true, dark: true}],
  ])('has words that stand out from their ground: %s', async (_name, view) => {
    await browser.open(url, {width: 1200, ...view})
    for (const selector of ['.summary', 'article .faint', '.fail .verdict', '.pass .verdict', 'td.warning']) {
      expect(await browser.evaluate(contrastOf(selector)), selector).toBeGreaterThanOrEqual(4.5)
    }
  })
})

/** Expression for the contrast of the text of an element with its card, as WCAG 2.1 §1.4.3 reckons it. */
function contrastOf(selector: string): string {
  return `(() => {
    const light = (colour) => {
      const [r, g, b] = colour.match(/[\\d.]+/g).map((c) => c / 255).map((c) => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
      return 0.2126 * r + 0.7152 * g + 0.0722 * b + 0.05
    }
    const text = light(getComputedStyle(document.querySelector('${selector}')).color)
    const ground = light(getComputedStyle(document.querySelector('article')).backgroundColor)
    return Math.max(text, ground) / Math.min(text, ground)
  })()`
}
