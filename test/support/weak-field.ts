import {getDiffieHellman} from 'node:crypto'
import {integer, sequence} from '../../src/lab/der-writer.ts'

/** Diffie-Hellman parameters of 1024 bits (RFC 2409 §6.2), which OpenSSL has no name for, in PEM. */
export function weakField(): string {
  const field = getDiffieHellman('modp2')
  const der = sequence(integer(field.getPrime()), integer(field.getGenerator()))
  const lines = der.toString('base64').match(/.{1,64}/g) ?? []
  return `-----BEGIN DH PARAMETERS-----\n${lines.join('\n')}\n-----END DH PARAMETERS-----\n`
}
