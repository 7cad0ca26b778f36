import {spawn, spawnSync} from 'node:child_process'
import {readFile, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {pathToFileURL} from 'node:url'
import {scratch} from './cli.ts'

export const chromium = spawnSync('chromium', ['--version']).status === 0

const QUIET = [
  ...['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run'],
  ...['--disable-background-networking', '--disable-component-update', '--disable-sync', '--hide-scrollbars'],
]

/** The DOM of a page as Chromium makes it, with a profile of its own that is gone afterwards. */
export async function domOf(page: string, ...flags: string[]): Promise<string> {
  return inBrowser(page, (dir) => ['--dump-dom', `--user-data-dir=${join(dir, 'profile')}`, ...flags])
}

/** A picture of a page, PNG. */
export async function pictureOf(page: string, width: number, height: number): Promise<Buffer> {
  let picture = Buffer.alloc(0)
  const look = (dir: string) => [
    `--screenshot=${join(dir, 'page.png')}`,
    `--user-data-dir=${join(dir, 'profile')}`,
    `--window-size=${width},${height}`,
  ]
  await inBrowser(page, look, async (dir) => {
    picture = await readFile(join(dir, 'page.png'))
  })
  return picture
}

async function inBrowser(
  page: string,
  flags: (dir: string) => string[],
  afterwards: (dir: string) => Promise<void> = async () => {},
): Promise<string> {
  await using temporary = await scratch()
  const file = join(temporary.dir, 'page.html')
  await writeFile(file, page)
  const args = [...QUIET, ...flags(temporary.dir), pathToFileURL(file).href]
  const child = spawn('chromium', args, {stdio: ['ignore', 'pipe', 'ignore']})
  const ended = new Promise((resolve) => child.once('close', resolve))
  const text = (await child.stdout.setEncoding('utf8').toArray()).join('')
  await ended
  await afterwards(temporary.dir)
  return text
}
