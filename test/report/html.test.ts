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

if (!CHROMIUM) console.warn('skipped: chromium is not installed')

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
    expect(page).toMatch(/content="default-src &#39;none&#39;; style-src &#39;sha256-[^"]*"/)
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
    expect(pageOf('example.mil')).toContain('✓ Policy met</span> <span>Mail is delivered over verified TLS')
    expect(pageOf('partner.example')).toContain('✗ Policy not met')
    expect(pageOf('away.example')).toContain('? Not judged')
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

  test('draws a root that was sent and is not trusted as that, and not as signed by itself', () => {
    const picture = /<svg viewBox[\s\S]*?<\/svg>\s*<details/.exec(pageOf('impostor.example'))![0]
    expect(picture).toContain('this root is not among our trust anchors')
    expect(picture).toContain('✗ trusted by')
    expect(picture).not.toContain('✗ signed by')
    expect(picture.match(/root · sent by the peer/g)!.length).toBeGreaterThan(0)
    expect(pageOf('impostor.example')).toContain('<b class="bad">not trusted:</b>')
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

describe.skipIf(!CHROMIUM)('in Chromium, the page', () => {
  let home: Awaited<ReturnType<typeof scratch>>
  let browser: Page
  const urlOf = async (name: string, text: string) => {
    const file = join(home.dir, `${name}.html`)
    await writeFile(file, text)
    return pathToFileURL(file).href
  }

  beforeAll(async () => {
    home = await scratch()
    browser = await browserPage()
  })

  afterAll(async () => {
    await browser[Symbol.asyncDispose]()
    await home[Symbol.asyncDispose]()
  })

  test('asks for nothing but itself, where a page without care would', async () => {
    const careless = await urlOf('careless', '<!doctype html><img src="http://hostile.example/careless">')
    await browser.open(careless, {width: 1200})
    expect(browser.requests.splice(0)).toEqual([careless, 'http://hostile.example/careless'])
    browser.complaints.splice(0)
    const url = await urlOf('hostile', page)
    await browser.open(url, {width: 1200})
    expect(browser.requests.splice(0).filter((to) => to !== 'data:,')).toEqual([url])
    expect(browser.complaints).toEqual([])
  })

  test('has all its targets and pictures, and nothing that a peer wrote becomes an element', async () => {
    await browser.open(await urlOf('hostile', page), {width: 1200})
    const count = (selector: string) =>
      browser.evaluate(`document.querySelectorAll(${JSON.stringify(selector)}).length`)
    expect(await count('article')).toBe(hostile.results.length)
    expect(await count('figure > svg')).toBe(page.match(/<svg viewBox/g)?.length)
    expect(await count('script, img, iframe, object, form, style:not(head > style)')).toBe(0)
  })

  test.each([
    {width: 360},
    {width: 360, dark: true},
    {width: 768},
    {width: 1200},
    {width: 1200, dark: true},
    {width: 800, print: true, dark: true},
  ])('fits, and can be read, in %j', async (view) => {
    await browser.open(await urlOf('hostile', page), view)
    expect(await browser.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(view.width)
    expect(await browser.evaluate(POOR_CONTRAST)).toEqual([])
    const picture = await browser.screenshot()
    expect(picture.readUInt32BE(16)).toBe(view.width)
  })

  test('has its headings in order, a head for every row, and words for every picture', async () => {
    await browser.open(await urlOf('sample', probeHtml(sample)), {width: 1200})
    const levels = await browser.evaluate<number[]>(
      '[...document.querySelectorAll("h1,h2,h3")].map((h) => +h.tagName[1])',
    )
    expect(levels.filter((level, i) => i > 0 && level > levels[i - 1]! + 1)).toEqual([])
    expect(
      await browser.evaluate('document.querySelectorAll("tr:not(:has(th[scope])), table:not(:has(caption))").length'),
    ).toBe(0)
    expect(
      await browser.evaluate('document.querySelectorAll("figure > svg:not(:has(> title):has(> desc))").length'),
    ).toBe(0)
  })

  test('draws a route from the domain to each address, and breaks it where no mail goes', async () => {
    await browser.open(await urlOf('partner', pageOf('partner.example')), {width: 1200})
    const nodes = (selector: string) =>
      browser.evaluate<number[][]>(`[...document.querySelectorAll(${JSON.stringify(selector)})].map((node) => {
        const {left, right, top, bottom} = node.getBoundingClientRect()
        return [left, right, (top + bottom) / 2]
      })`)
    const [[domain], hosts, addresses] = [await nodes('.domain'), await nodes('.host'), await nodes('.address')]
    expect([hosts.length, addresses.length]).toEqual([2, 2])
    for (const [i, [left, right, middle]] of hosts.entries()) {
      expect(left).toBeGreaterThan(domain![1]!)
      expect(addresses[i]![0]).toBeGreaterThan(right!)
      expect(addresses[i]![2]).toBeCloseTo(middle!, -1)
    }
    const broken = 'getComputedStyle(document.querySelectorAll(".route ul ul > li")[1], "::before").borderTopStyle'
    expect(await browser.evaluate(broken)).toBe('dashed')
  })

  test('prints what is folded away on the screen', async () => {
    const url = await urlOf('example', pageOf('example.mil'))
    const seen =
      'document.querySelector("details:not([open]) .facts td").checkVisibility({contentVisibilityAuto: true})'
    await browser.open(url, {width: 800})
    expect(await browser.evaluate(seen)).toBe(false)
    await browser.open(url, {width: 800, print: true})
    expect(await browser.evaluate(seen)).toBe(true)
  })
})

/** Texts whose contrast with what is behind them is below 4.5 (WCAG 2.2, 1.4.3). */
const POOR_CONTRAST = `(() => {
  const channels = (colour) => colour.match(/[\\d.]+/g).map(Number)
  const luminance = ([r, g, b]) => {
    const [x, y, z] = [r, g, b].map((c) => (c / 255 <= 0.04045 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4))
    return 0.2126 * x + 0.7152 * y + 0.0722 * z
  }
  const behind = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const colour = channels(getComputedStyle(at).backgroundColor)
      if (colour[3] !== 0) return colour
    }
    return [255, 255, 255]
  }
  const own = (element) => !element.matches('title, desc') && [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim() !== '')
  const inSvg = (element) => element.closest('svg') !== null
  return [...document.querySelectorAll('body *')].filter(own).flatMap((element) => {
    const style = getComputedStyle(element)
    const [a, b] = [channels(inSvg(element) ? style.fill : style.color), behind(element)].map(luminance)
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05)
    return ratio < 4.5 ? [element.tagName + '.' + element.getAttribute('class') + ' ' + ratio.toFixed(2)] : []
  })
})()`
