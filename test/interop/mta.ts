import {existsSync, readdirSync, readFileSync} from 'node:fs'
import {join} from 'node:path'
import type {IssuedCertificate} from './world.ts'

/** A real mail server that a test started for itself, beside whatever the machine runs. */
export interface Mta {
  /** Whole messages that came to its mailbox, oldest first. */
  messages(): string[]
  log(): string
  stop(): Promise<void> | void
}

export interface MtaOptions {
  hostname: string
  /** Kept in its mailbox, whatever the local part. */
  domains: string[]
  /** On 127.0.0.1. */
  port: number
  implicitPort: number
  identity: IssuedCertificate
  /** What it trusts, of clients and of next hops. */
  rootPem: string
  /** Where all other mail goes, over verified TLS: by STARTTLS, one domain by implicit TLS. */
  relay: {hostname: string; port: number; implicitPort: number; implicitDomain: string}
}

export function maildir(dir: string): string[] {
  const fresh = join(dir, 'new')
  if (!existsSync(fresh)) return []
  return readdirSync(fresh)
    .sort()
    .map((name) => readFileSync(join(fresh, name), 'utf8'))
}
