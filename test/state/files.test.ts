import {type ChildProcess, spawn} from 'node:child_process'
import {once} from 'node:events'
import {chmod, chown, lstat, mkdir, readdir, readFile, readlink, stat, symlink, writeFile} from 'node:fs/promises'
import {dirname, join} from 'node:path'
import {describe, expect, test} from 'vitest'
import {readPrivateKey, withLock, writeFileAtomic} from '../../src/state/files.ts'
import {scratch} from '../support/cli.ts'

const files = new URL('../../src/state/files.ts', import.meta.url).href

/** A process of its own that runs `script` with the room's functions at hand, and has printed its first line. */
async function other(script: string): Promise<ChildProcess> {
  const source = `import {withLock, writeFileAtomic} from ${JSON.stringify(files)}\n${script}`
  const child = spawn(process.execPath, ['--input-type=module', '-e', source], {stdio: ['ignore', 'pipe', 'inherit']})
  await once(child.stdout!, 'data')
  return child
}

async function kill(child: ChildProcess): Promise<void> {
  const gone = once(child, 'close')
  child.kill('SIGKILL')
  await gone
}

describe('writeFileAtomic', () => {
  test('makes missing directories that only the owner can enter, and leaves no temporary file', async () => {
    await using place = await scratch()
    const path = join(place.dir, 'a', 'b', 'file')
    await writeFileAtomic(path, 'text')
    expect(await readFile(path, 'utf8')).toBe('text')
    expect((await stat(join(place.dir, 'a'))).mode & 0o777).toBe(0o700)
    expect(await readdir(join(place.dir, 'a', 'b'))).toEqual(['file'])
  })

  test.skipIf(process.getuid?.() !== 0)('as root gives the file to whom the directory belongs', async () => {
    await using place = await scratch()
    await chown(place.dir, 65_534, 65_534)
    const path = join(place.dir, 'identity', 'a.key')
    await writeFileAtomic(path, 'key', {mode: 0o600})
    for (const made of [path, dirname(path)]) expect((await stat(made)).uid).toBe(65_534)
  })

  test('keeps the mode of the file that it replaces, and a given mode wins', async () => {
    await using place = await scratch()
    const path = join(place.dir, 'file')
    await writeFile(path, 'old')
    await chmod(path, 0o640)
    await writeFileAtomic(path, 'new')
    expect((await stat(path)).mode & 0o777).toBe(0o640)
    await writeFileAtomic(path, 'key', {mode: 0o600})
    expect((await stat(path)).mode & 0o777).toBe(0o600)
  })

  test('writes through a symbolic link and leaves it one', async () => {
    await using place = await scratch()
    const [link, target] = [join(place.dir, 'link'), join(place.dir, 'target')]
    await writeFile(target, 'old')
    await symlink('target', link)
    await writeFileAtomic(link, 'new')
    expect((await lstat(link)).isSymbolicLink()).toBe(true)
    expect([await readlink(link), await readFile(target, 'utf8')]).toEqual(['target', 'new'])
  })

  test('leaves the old content and no temporary file when it cannot replace the file', async () => {
    await using place = await scratch()
    await mkdir(join(place.dir, 'file'))
    await expect(writeFileAtomic(join(place.dir, 'file'), 'text')).rejects.toThrow()
    expect(await readdir(place.dir)).toEqual(['file'])
  })

  test('never leaves a torn file when its process is killed in the middle', async () => {
    await using place = await scratch()
    const path = join(place.dir, 'file')
    const size = 2 ** 20
    for (let round = 0; round < 8; round++) {
      const child = await other(`
        let n = 0
        for (;;) {
          await writeFileAtomic(${JSON.stringify(path)}, String(n % 10).repeat(${size}))
          if (n++ === 0) console.log('writing')
        }`)
      await new Promise((resolve) => setTimeout(resolve, 3 + round * 4))
      await kill(child)
      const text = await readFile(path, 'utf8')
      expect(text.length).toBe(size)
      expect(new Set(text).size).toBe(1)
    }
  })
})

describe('withLock', () => {
  test('lets one at a time in, whatever process they are in', async () => {
    await using place = await scratch()
    const counter = join(place.dir, 'counter')
    await writeFile(counter, '0')
    const script = `
      import {readFile, writeFile} from 'node:fs/promises'
      const counter = ${JSON.stringify(counter)}
      console.log('counting')
      for (let i = 0; i < 20; i++) await withLock(${JSON.stringify(place.dir)}, async () => {
        await writeFile(counter, String(Number(await readFile(counter, 'utf8')) + 1))
      })`
    const children = await Promise.all([other(script), other(script)])
    const own = Array.from({length: 20}, () =>
      withLock(place.dir, async () => {
        await writeFile(counter, String(Number(await readFile(counter, 'utf8')) + 1))
      }),
    )
    await Promise.all([...own, ...children.map((child) => child.exitCode ?? once(child, 'close'))])
    expect(await readFile(counter, 'utf8')).toBe('60')
  })

  test('is refused with exit 75 while another process holds it, and free once that one is killed', async () => {
    await using place = await scratch()
    const holder = await other(`
      await withLock(${JSON.stringify(place.dir)}, async () => {
        console.log('held')
        await new Promise((resolve) => setTimeout(resolve, 600_000))
      })`)
    const refused = withLock(place.dir, async () => 'in', 100)
    await expect(refused).rejects.toMatchObject({code: 'state-locked', exit: 75, persistence: 'temporary'})
    await kill(holder)
    expect(await withLock(place.dir, async () => 'in', 100)).toBe('in')
  })

  test('is free again after an action that failed', async () => {
    await using place = await scratch()
    const failing = withLock(place.dir, async () => {
      throw new Error('failed')
    })
    await expect(failing).rejects.toThrow('failed')
    expect(await withLock(place.dir, async () => 'in', 100)).toBe('in')
  })

  test('says what to remove when the lock file is something else', async () => {
    await using place = await scratch()
    await writeFile(join(place.dir, '.lock'), 'not a lock file'.repeat(100))
    await expect(withLock(place.dir, async () => 'in')).rejects.toMatchObject({code: 'lock-broken', exit: 74})
  })
})

describe('readPrivateKey', () => {
  test.each([0o640, 0o604, 0o660, 0o644, 0o620])('refuses mode %o with exit 77', async (mode) => {
    await using place = await scratch()
    const path = join(place.dir, 'key')
    await writeFile(path, 'secret')
    await chmod(path, mode)
    await expect(readPrivateKey(path)).rejects.toMatchObject({code: 'key-readable', exit: 77})
  })

  test.each([0o600, 0o400])('reads mode %o', async (mode) => {
    await using place = await scratch()
    const path = join(place.dir, 'key')
    await writeFile(path, 'secret')
    await chmod(path, mode)
    expect(await readPrivateKey(path)).toBe('secret')
  })

  test('says which file it is that cannot be read', async () => {
    await using place = await scratch()
    const path = join(place.dir, 'key')
    await symlink(path, path)
    const answer = {code: 'configuration-unreadable', message: `cannot read ${path}: ELOOP`, exit: 78}
    await expect(readPrivateKey(path)).rejects.toMatchObject(answer)
  })

  test('answers a missing key with exit 66', async () => {
    await using place = await scratch()
    await expect(readPrivateKey(join(place.dir, 'key'))).rejects.toMatchObject({code: 'key-missing', exit: 66})
  })
})
