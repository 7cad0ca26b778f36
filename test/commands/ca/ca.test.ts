import {mkdir, readdir, readFile, truncate, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {beforeAll, describe, expect, test} from 'vitest'
import {describeCertificate} from '../../../src/pki/describe.ts'
import type {IssuedCertificate} from '../../../src/pki/issue.ts'
import {issueCertificate, requestCertificate} from '../../../src/pki/issue.ts'
import {authorities, expired, future, issuerOf, pemOf} from '../../support/authorities.ts'
import {type Ran, run, scratch} from '../../support/cli.ts'

let root: IssuedCertificate
let intermediate: IssuedCertificate
let leaf: IssuedCertificate

beforeAll(async () => {
  const example = await authorities('Example')
  ;({root, intermediate} = example)
  leaf = await example.leaf({aia: ['http://ca.example/i.der']})
})

/** A config directory and files beside it. */
async function place(files: Record<string, string | Buffer> = {}) {
  const scope = await scratch()
  const path = (name: string) => join(scope.dir, name)
  for (const [name, content] of Object.entries(files)) await writeFile(path(name), content)
  const configDir = path('config')
  const ca = (...args: string[]) => run(['ca', ...args], {configDir})
  const stored = () => readdir(join(configDir, 'ca')).catch(() => [])
  return {...scope, path, configDir, ca, stored, [Symbol.asyncDispose]: () => scope[Symbol.asyncDispose]()}
}

const keyId = ({certificatePem}: IssuedCertificate) => describeCertificate(Buffer.from(certificatePem)).keyId

describe('ca import', () => {
  test('keeps a root and its intermediate as one complete CA, and says all about them', async () => {
    await using here = await place({'root.pem': pemOf(root), 'intermediate.pem': pemOf(intermediate)})
    const files = [here.path('root.pem'), here.path('intermediate.pem')]
    const {code, json} = await here.ca('import', ...files, '--name', 'mil', '--json')
    expect(code).toBe(0)
    expect(json).toMatchObject({
      schema: 'postern.ca-import/1',
      change: 'imported',
      ca: {
        ...{name: 'mil', complete: true, missing: [], profiles: []},
        certificates: [
          {subject: 'CN=Example Root,O=Example', role: 'root', key: 'ec-256'},
          {subject: 'CN=Example Intermediate,O=Example', issuer: 'CN=Example Root,O=Example', role: 'intermediate'},
        ],
      },
      remarks: [],
    })
    expect(json.ca.certificates[0].sha256).toMatch(/^[0-9a-f]{64}$/)
    expect(await readFile(join(here.configDir, 'ca', 'mil.pem'), 'utf8')).toBe(pemOf(root, intermediate))
  })

  test('changes nothing the second time, whichever name it goes by', async () => {
    await using here = await place({'all.pem': pemOf(root, intermediate), 'root.pem': pemOf(root)})
    await here.ca('import', here.path('all.pem'), '--name', 'mil')
    for (const args of [['all.pem', '--name', 'mil'], ['all.pem'], ['root.pem']]) {
      const {json} = await here.ca('import', here.path(args[0]!), ...args.slice(1), '--json')
      expect([json.change, json.ca.name]).toEqual(['unchanged', 'mil'])
    }
    expect(await here.stored()).toEqual(['mil.pem'])
  })

  test('names exactly the issuer that is missing, and is complete once it is added by name', async () => {
    await using here = await place({'intermediate.pem': pemOf(intermediate), 'root.pem': pemOf(root)})
    const first = await here.ca('import', here.path('intermediate.pem'))
    expect(first.stdout).toContain(`missing CN=Example Root,O=Example (key id ${keyId(root)})`)
    const second = await here.ca('import', here.path('root.pem'), '--name', 'example-intermediate', '--json')
    expect(second.json).toMatchObject({change: 'extended', ca: {complete: true, missing: []}})
  })

  test('tells that another CA or the system has the missing issuer', async () => {
    await using here = await place({'intermediate.pem': pemOf(intermediate), 'root.pem': pemOf(root)})
    await here.ca('import', here.path('root.pem'), '--name', 'top')
    const {json} = await here.ca('import', here.path('intermediate.pem'), '--json')
    expect(json.ca).toMatchObject({complete: false, missing: [{heldBy: {ca: 'top'}, keyId: keyId(root)}]})
  })

  test('makes a name from the subject, and wants one where that is taken by another CA', async () => {
    const twin = await issueCertificate({subject: 'Éxample  Root/2', ca: true})
    const second = await issueCertificate({subject: 'example root 2', ca: true})
    await using here = await place({'one.pem': pemOf(twin), 'two.pem': pemOf(second)})
    expect((await here.ca('import', here.path('one.pem'), '--json')).json.ca.name).toBe('example-root-2')
    const {code, json} = await here.ca('import', here.path('two.pem'), '--json')
    expect([code, json.error.code]).toEqual([73, 'ca-exists'])
    expect(json.error.hints[0]).toContain('--name')
    expect((await here.ca('import', here.path('two.pem'), '--name', 'other')).code).toBe(0)
  })

  test('never stores a private key, and leaves a leaf out of a bundle, and says both', async () => {
    await using here = await place({'bundle.pem': leaf.keyPem + pemOf(leaf, intermediate, root)})
    const {code, stderr} = await here.ca('import', here.path('bundle.pem'), '--name', 'mil')
    expect(code).toBe(0)
    expect(stderr).toContain('left out CN=mx1.example.mil, which is no CA')
    expect(stderr).toContain('holds a private key, which was not stored')
    expect(await readFile(join(here.configDir, 'ca', 'mil.pem'), 'utf8')).toBe(pemOf(intermediate, root))
  })

  test('stores nothing of several files when one of them is no good', async () => {
    await using here = await place({'root.pem': pemOf(root), 'page.pem': '<html>'})
    const {code, stderr} = await here.ca('import', here.path('root.pem'), here.path('page.pem'))
    expect([code, stderr]).toEqual([65, expect.stringContaining('page.pem is an HTML page, not a certificate')])
    expect(await here.stored()).toEqual([])
  })

  test('refuses a leaf and names the CA to import instead', async () => {
    await using here = await place({'leaf.pem': pemOf(leaf)})
    const {code, json} = await here.ca('import', here.path('leaf.pem'), '--json')
    expect(code).toBe(65)
    expect(json).toMatchObject({schema: 'postern.error/1', error: {code: 'certificate-not-ca', exit: 65}})
    expect(json.error.message).toContain('CN=mx1.example.mil is a leaf, not a CA')
    expect(json.error.hints).toEqual([
      `import the CA that issued it: CN=Example Intermediate,O=Example (key id ${keyId(intermediate)})`,
      'its issuer may be at http://ca.example/i.der',
    ])
  })

  test.each([
    ['ca-expired', expired, 'expired on'],
    ['ca-not-yet-valid', future, 'is valid from'],
  ] as const)('refuses with %s a CA that is not valid today', async (code, dates, message) => {
    const old = await issueCertificate({subject: 'Old Root', ca: true, ...dates})
    await using here = await place({'old.pem': pemOf(old)})
    const answer = await here.ca('import', here.path('old.pem'), '--json')
    expect([answer.code, answer.json.error.code]).toEqual([65, code])
    expect(answer.json.error.message).toContain(message)
  })

  test('has an own answer for a key, a request, an empty file, a directory, a lack of file, and junk without end', async () => {
    const request = await requestCertificate({subject: 'x', dnsNames: ['x.example']}, leaf.keyPem)
    await using here = await place({'key.pem': leaf.keyPem, 'request.pem': request, 'empty.pem': '', 'junk.bin': ''})
    await truncate(here.path('junk.bin'), 50 * 1024 * 1024)
    await mkdir(here.path('dir'))
    const answers = {
      'key.pem': [65, 'holds a private key, not a certificate'],
      'request.pem': [65, 'holds a certification request (CSR)'],
      'empty.pem': [65, 'is empty'],
      dir: [65, 'is a directory'],
      'nowhere.pem': [66, 'there is no file'],
      'junk.bin': [65, 'has more than 10240 KiB'],
    }
    for (const [file, [code, message]] of Object.entries(answers)) {
      const answer = await here.ca('import', here.path(file))
      expect([file, answer.code, answer.stderr]).toEqual([file, code, expect.stringContaining(String(message))])
      expect(answer.stderr).toMatch(/\n {2}hint: ./)
      expect(answer.stdout).toBe('')
    }
    expect(await here.stored()).toEqual([])
  })

  test('refuses a name that would lead out of the directory', async () => {
    await using here = await place({'root.pem': pemOf(root)})
    const {code, json} = await here.ca('import', here.path('root.pem'), '--name', '../x', '--json')
    expect([code, json.error.code]).toEqual([64, 'name-invalid'])
  })
})

describe('imported CAs', () => {
  async function imported() {
    const here = await place({'all.pem': pemOf(root, intermediate)})
    await here.ca('import', here.path('all.pem'), '--name', 'mil')
    return here
  }

  test('are listed and shown, for people and as JSON', async () => {
    await using here = await imported()
    expect((await here.ca('list')).stdout).toMatch(/^ca +certificate.*\nmil +CN=Example Root.*complete/)
    expect((await here.ca('list', '--json')).json).toMatchObject({schema: 'postern.ca-list/1', cas: [{name: 'mil'}]})
    const shown: Ran = await here.ca('show', 'mil')
    expect(shown.stdout).toMatch(/SHA-256 +[0-9a-f]{64}/)
    expect((await here.ca('show', 'mil', '--json')).json.ca.certificates).toHaveLength(2)
  })

  test('come out as they went in', async () => {
    await using here = await imported()
    expect((await here.ca('export', 'mil')).stdout).toBe(pemOf(root, intermediate))
    expect((await here.ca('export', 'mil', '--json')).json.pem).toBe(pemOf(root, intermediate))
  })

  test('stay while a profile names them, and go afterwards', async () => {
    await using here = await imported()
    await run(['profile', 'create', 'secure-mil', '--level', 'secure', '--ca', 'mil'], {configDir: here.configDir})
    const refused = await here.ca('delete', 'mil', '--json')
    expect([refused.code, refused.json.error.message]).toEqual([64, 'profile secure-mil names the CA mil'])
    expect(await here.stored()).toEqual(['mil.pem'])
    await run(['profile', 'delete', 'secure-mil'], {configDir: here.configDir})
    expect((await here.ca('delete', 'mil')).stdout).toBe('CA mil deleted\n')
    expect(await here.stored()).toEqual([])
  })

  test('that are not there are answered with the name that was meant', async () => {
    await using here = await imported()
    for (const verb of ['show', 'export', 'delete']) {
      const {code, json} = await here.ca(verb, 'mill', '--json')
      expect([code, json.error.code, json.error.hints]).toEqual([66, 'ca-unknown', ['did you mean mil?']])
    }
  })

  test('are none at first, which is no error', async () => {
    await using here = await place()
    const {code, stdout, stderr} = await here.ca('list')
    expect([code, stdout]).toEqual([0, ''])
    expect(stderr).toContain('postern ca import FILE')
  })
})

test('two intermediates of one lacking root lack one certificate', async () => {
  const second = await issueCertificate({subject: 'Second', ca: true, issuer: issuerOf(root)})
  await using here = await place({'two.pem': pemOf(intermediate, second)})
  expect((await here.ca('import', here.path('two.pem'), '--json')).json.ca.missing).toHaveLength(1)
})
