import {execFileSync} from 'node:child_process'
import {X509Certificate} from 'node:crypto'
import {mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import type {IssuedCertificate} from '../../src/pki/issue.ts'

export interface OcspOrder {
  leaf: IssuedCertificate
  issuer: IssuedCertificate
  state: 'good' | 'revoked' | 'unknown'
  /** Default: the issuer itself. */
  signer?: IssuedCertificate
}

/** An OCSP response for the next hour, as OpenSSL's own responder makes it, DER. */
export function ocspResponse({leaf, issuer, state, signer = issuer}: OcspOrder): Buffer {
  const dir = mkdtempSync(join(tmpdir(), 'postern-ocsp-'))
  const file = (name: string, text: string) => {
    writeFileSync(join(dir, name), text)
    return join(dir, name)
  }
  try {
    const ca = file('ca.pem', issuer.certificatePem)
    const args = [
      'ocsp',
      '-issuer',
      ca,
      '-cert',
      file('leaf.pem', leaf.certificatePem),
      '-reqout',
      join(dir, 'request'),
    ]
    execFileSync('openssl', args, {stdio: 'ignore'})
    const {serialNumber} = new X509Certificate(leaf.certificatePem)
    const line = {
      good: `V\t491231235959Z\t\t${serialNumber}\tunknown\t/CN=leaf\n`,
      revoked: `R\t491231235959Z\t260101000000Z\t${serialNumber}\tunknown\t/CN=leaf\n`,
      unknown: '',
    }[state]
    const index = ['-index', file('index.txt', line), '-CA', ca, '-reqin', join(dir, 'request')]
    const by = ['-rsigner', file('signer.pem', signer.certificatePem), '-rkey', file('signer.key', signer.keyPem)]
    execFileSync('openssl', ['ocsp', ...index, ...by, '-nmin', '60', '-respout', join(dir, 'response')], {
      stdio: 'ignore',
    })
    return readFileSync(join(dir, 'response'))
  } finally {
    rmSync(dir, {recursive: true})
  }
}
