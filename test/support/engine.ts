import {connect} from 'node:net'
import {createResolver} from '../../src/dns/client.ts'
import type {MailDomain} from '../../src/mail/address.ts'
import {parseMailDomain} from '../../src/mail/address.ts'
import type {PathRequest, PathTimeouts, PathWorld} from '../../src/path/path.ts'
import {trustAnchors} from '../../src/pki/anchors.ts'
import {type IssuedCertificate, type IssueOptions, issueCertificate} from '../../src/pki/issue.ts'
import {BUILTIN_PROFILES} from '../../src/policy/builtin.ts'
import type {EffectiveProfile, Level} from '../../src/policy/profile.ts'

/** The engine's world on loopback: this DNS server, this SMTP port, short time limits. */
export function engineWorld(dns: string, smtp: number, change: Partial<PathWorld> = {}): PathWorld {
  const clock = {now: () => Date.now()}
  const timeouts: PathTimeouts = {connect: 5_000, greeting: 5_000, command: 5_000, handshake: 5_000}
  return {
    ...clock,
    sleep: () => Promise.resolve(),
    random: () => 0.5,
    dial: (address, port) => connect({host: address, port}),
    resolver: createResolver({servers: [dns], trusted: false, timeout: 2_000, clock}),
    helloName: 'relay.example.org',
    ports: {smtp, smtps: smtp},
    timeouts,
    ...change,
  }
}

export interface TestPki {
  root: IssuedCertificate
  intermediate: IssuedCertificate
  /** What a peer needs for TLS: key, and the leaf with its intermediate. */
  host(options?: Partial<IssueOptions>): Promise<{cert: string; key: string}>
}

/** A root and an intermediate of the tests' own. */
export async function testPki(): Promise<TestPki> {
  const root = await issueCertificate({subject: 'Test root', ca: true})
  const intermediate = await issueCertificate({subject: 'Test intermediate', ca: true, issuer: root})
  return {
    root,
    intermediate,
    host: async (options = {}) => {
      const issued = await issueCertificate({
        subject: 'mail host',
        dnsNames: ['mx1.example.mil'],
        issuer: intermediate,
        ...options,
      })
      return {cert: issued.certificatePem + intermediate.certificatePem, key: issued.keyPem}
    },
  }
}

/** The built-in profile of a level with these roots as its only anchors. */
export function profileWith(
  roots: readonly IssuedCertificate[],
  level: Level,
  change: Partial<EffectiveProfile> = {},
): EffectiveProfile {
  const anchors = trustAnchors({imported: roots.map(({certificatePem}) => certificatePem), system: false})
  return {...BUILTIN_PROFILES[level], rule: null, anchors, ...change}
}

export function requestFor(
  domain: string,
  profile: EffectiveProfile,
  change: Partial<PathRequest> = {},
): PathRequest & {domain: MailDomain} {
  return {domain: parseMailDomain(domain)!, profileFor: () => profile, visit: 'first', ...change}
}
