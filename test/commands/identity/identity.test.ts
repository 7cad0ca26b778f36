import {chmod, mkdir, readFile, stat, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {describe, expect, test} from 'vitest'
import {issueCertificate} from '../../../src/pki/issue.ts'
import {authorities, expired, issuerOf, MX, pemOf} from '../../support/authorities.ts'
import {run, scratch} from '../../support/cli.ts'
import {handshake} from '../../support/handshake.ts'

async function place(files: Record<string, string> = {}) {
  const scope = await scratch()
  const path = (name: string) => join(scope.dir, name)
  for (const [name, content] of Object.entries(files)) await writeFile(path(name), content)
  const configDir = path('config')
  const identity = (...args: string[]) => run(['identity', ...args], {configDir})
  const kept = (name: string) => join(configDir, 'identity', name)
  const text = (name: string) => readFile(kept(name), 'utf8')
  return {...scope, path, configDir, identity, kept, text, [Symbol.asyncDispose]: () => scope[Symbol.asyncDispose]()}
}

describe('identity create', () => {
  test.each(['ec-256', 'rsa-2048'])('makes a certificate with an %s key that shakes hands', async (key) => {
    await using here = await place()
    const names = ['--hostname', 'relay.example.org', '--dns', '*.Example.org', '--dns', 'bücher.example']
    const {code, json} = await here.identity('create', ...names, '--key', key, '--days', '30', '--json')
    expect(code).toBe(0)
    expect(json).toMatchObject({
      schema: 'postern.identity-create/1',
      identity: {name: 'default', state: 'ready', inUse: true, certificates: [{key, selfSigned: true, isCa: false}]},
    })
    const [{dnsNames, notAfter}] = json.identity.certificates
    expect(dnsNames).toEqual(['relay.example.org', '*.example.org', 'xn--bcher-kva.example'])
    expect(Date.parse(notAfter) - Date.now()).toBeLessThan(31 * 86_400_000)
    const chain = await here.text('default.pem')
    expect((await handshake({chain, key: await here.text('default.key')}, [chain])).authorized).toBe(true)
    expect((await stat(here.kept('default.key'))).mode & 0o777).toBe(0o600)
  })

  test('leaves an identity of that name alone unless told to replace it', async () => {
    await using here = await place()
    await here.identity('create', '--hostname', 'relay.example.org')
    const before = await here.text('default.pem')
    const {code, json} = await here.identity('create', '--hostname', 'relay.example.org', '--json')
    expect([code, json.error.code]).toEqual([73, 'identity-exists'])
    expect(await here.text('default.pem')).toBe(before)
    expect((await here.identity('create', '--hostname', 'relay.example.org', '--replace')).code).toBe(0)
    expect(await here.text('default.pem')).not.toBe(before)
  })

  test.each([
    [['--hostname', 'not a name'], 'domain-invalid'],
    [['../x', '--hostname', 'a.example'], 'name-invalid'],
    [['--hostname', 'a.example', '--key', 'rsa-512'], 'usage'],
    [['--hostname', 'a.example', '--days', '0'], 'usage'],
  ])('refuses %j', async (args, code) => {
    await using here = await place()
    const answer = await here.identity('create', ...args, '--json')
    expect([answer.code, answer.json.error.code]).toEqual([64, code])
    await expect(here.text('default.pem')).rejects.toThrow('ENOENT')
  })
})

describe('identity import', () => {
  test('takes certificate, chain and key from several files, leaf first and without the root', async () => {
    const {root, intermediate, leaf} = await authorities()
    const server = await leaf()
    await using here = await place({'cas.pem': pemOf(root, intermediate), 'server.pem': server.keyPem + pemOf(server)})
    const files = [here.path('cas.pem'), here.path('server.pem')]
    const {json} = await here.identity('import', ...files, '--json')
    expect([json.change, json.identity.certificates.length]).toEqual(['imported', 2])
    const chain = await here.text('default.pem')
    expect(chain).toBe(pemOf(server, intermediate))
    expect((await handshake({chain, key: await here.text('default.key')}, [pemOf(root)])).authorized).toBe(true)
    expect((await stat(here.kept('default.key'))).mode & 0o777).toBe(0o600)
    expect((await here.identity('import', ...files, '--json')).json.change).toBe('unchanged')
  })

  test('refuses a key of another certificate, a certificate without key, a key alone, and one that expired', async () => {
    const {leaf} = await authorities()
    const [one, other, old] = [await leaf(), await leaf(), await leaf(expired)]
    await using here = await place({
      'mixed.pem': pemOf(one) + other.keyPem,
      'bare.pem': pemOf(one),
      'key.pem': one.keyPem,
      'old.pem': pemOf(old) + old.keyPem,
    })
    const answers = {
      'mixed.pem': 'identity-mismatch',
      'bare.pem': 'identity-without-key',
      'key.pem': 'identity-without-certificate',
      'old.pem': 'certificate-expired',
    }
    for (const [file, code] of Object.entries(answers)) {
      const answer = await here.identity('import', here.path(file), '--json')
      expect([file, answer.code, answer.json.error.code]).toEqual([file, 65, code])
    }
    await expect(here.text('default.key')).rejects.toThrow('ENOENT')
  })
})

describe('identity request', () => {
  test('keeps the key, asks for the names, and waits for the certificate', async () => {
    await using here = await place()
    const {json} = await here.identity('request', 'mail', '--hostname', MX, '--json')
    expect(json).toMatchObject({name: 'mail', dnsNames: [MX], key: 'made'})
    expect(json.request).toMatch(/^-----BEGIN CERTIFICATE REQUEST-----\n/)
    expect((await stat(here.kept('mail.key'))).mode & 0o777).toBe(0o600)
    expect((await here.identity('use', 'mail', '--json')).json.error.code).toBe('identity-requested')

    const keyPem = await here.text('mail.key')
    const {root} = await authorities()
    const answer = await issueCertificate({subject: MX, dnsNames: [MX], keyPem, issuer: issuerOf(root)})
    await writeFile(here.path('answer.pem'), pemOf(answer))
    const imported = await here.identity('import', here.path('answer.pem'), '--name', 'mail', '--json')
    expect(imported.json).toMatchObject({change: 'imported', identity: {state: 'ready'}})
    expect(await here.text('mail.key')).toBe(keyPem)
  })

  test('uses the same key and names again, for a renewal', async () => {
    await using here = await place()
    await here.identity('create', '--hostname', 'relay.example.org', '--dns', 'mail.example.org')
    const keyPem = await here.text('default.key')
    const {json} = await here.identity('request', '--json')
    expect(json).toMatchObject({key: 'kept', dnsNames: ['relay.example.org', 'mail.example.org']})
    expect(await here.text('default.key')).toBe(keyPem)
  })

  test('refuses a certificate that came for another key', async () => {
    const {leaf} = await authorities()
    await using here = await place({'answer.pem': pemOf(await leaf())})
    await here.identity('request', '--hostname', MX)
    const {code, json} = await here.identity('import', here.path('answer.pem'), '--json')
    expect([code, json.error.code]).toEqual([65, 'identity-mismatch'])
  })
})

describe('identities', () => {
  test('are listed, shown and chosen; comments in relay.yaml stay', async () => {
    await using here = await place()
    await here.identity('create', '--hostname', 'one.example')
    await here.identity('create', 'spare', '--hostname', 'two.example')
    await mkdir(here.configDir, {recursive: true})
    await writeFile(join(here.configDir, 'relay.yaml'), '# ours\nhostname: one.example # the gate\n')
    expect((await here.identity('use', 'spare', '--json')).json).toMatchObject({
      change: 'updated',
      identity: {inUse: true},
    })
    expect((await here.identity('use', 'spare', '--json')).json.change).toBe('unchanged')
    const yaml = await readFile(join(here.configDir, 'relay.yaml'), 'utf8')
    expect(yaml).toMatch(/^# ours\nhostname: one.example # the gate\ntls:\n {2}identity: spare\n$/)
    expect((await here.identity('list')).stdout).toMatch(/default +one.example.*\nspare +two.example.* yes/)
    expect((await here.identity('show', 'spare')).stdout).toContain('CN=two.example')
  })

  test.skipIf(process.getuid === undefined)('whose key others can read are refused', async () => {
    await using here = await place()
    await here.identity('create', '--hostname', 'one.example')
    await chmod(here.kept('default.key'), 0o640)
    for (const args of [['show'], ['list'], ['use', 'default']]) {
      const {code, json} = await here.identity(...args, '--json')
      expect([args, code, json.error.code]).toEqual([args, 77, 'key-readable'])
    }
  })

  test('whose files do not belong together are named as damaged state', async () => {
    await using here = await place()
    await here.identity('create', '--hostname', 'one.example')
    const other = await issueCertificate({subject: 'x', dnsNames: ['x.example']})
    await writeFile(here.kept('default.pem'), pemOf(other))
    const {code, json} = await here.identity('show', '--json')
    expect([code, json.error.code]).toEqual([78, 'identity-invalid'])
  })

  test('that are not there are answered with the name that was meant', async () => {
    await using here = await place()
    await here.identity('create', '--hostname', 'one.example')
    const {code, json} = await here.identity('show', 'defualt', '--json')
    expect([code, json.error.hints]).toEqual([66, ['did you mean default?']])
  })
})
