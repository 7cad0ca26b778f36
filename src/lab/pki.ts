import {X509Certificate} from 'node:crypto'
import {mkdir, readFile, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {type IssuedCertificate, type IssueOptions, issueCertificate} from '../pki/issue.ts'

const DAY = 86_400_000

/** `root` and `intermediate` are handed out for import; `rogue` is nobody's CA, `second-intermediate` nobody's import. */
const AUTHORITIES = {
  root: {subject: 'Postern Lab Root CA', issuer: null},
  intermediate: {subject: 'Postern Lab Intermediate CA', issuer: 'root'},
  'second-intermediate': {subject: 'Postern Lab Second Intermediate CA', issuer: 'root'},
  rogue: {subject: 'Rogue Root CA', issuer: null},
} as const satisfies Record<string, {subject: string; issuer: string | null}>

export type AuthorityName = keyof typeof AUTHORITIES

export interface LeafOptions {
  /** Default `intermediate`. */
  issuer?: AuthorityName | IssuedCertificate
  /** What is sent: the leaf with its issuer (default), or the leaf alone. */
  present?: 'chain' | 'leaf'
  /** First and last day of validity, counted from now. */
  validFor?: [number, number]
  /** Whatever else is special about it. */
  more?: Partial<IssueOptions>
}

/** `Postern Lab NAME CA`, below one of the lab's CAs or another made on the spot. */
export interface AuthorityOptions extends Partial<Omit<IssueOptions, 'issuer' | 'subject'>> {
  /** Default `root`. */
  issuer?: AuthorityName | IssuedCertificate
  validFor?: [number, number]
}

/** The CAs of a lab. They outlive it in `<dir>/pki`, so that what was imported from there once stays true. */
export class LabPki {
  readonly #authorities: Record<AuthorityName, IssuedCertificate>

  private constructor(authorities: Record<AuthorityName, IssuedCertificate>) {
    this.#authorities = authorities
  }

  static async open(dir: string): Promise<LabPki> {
    return new LabPki((await stored(dir)) ?? (await created(dir)))
  }

  certificate(name: AuthorityName): string {
    return this.#authorities[name].certificatePem
  }

  /** A certificate for these host names, in PEM with what it is presented with. */
  async leaf(dnsNames: string[], options: LeafOptions = {}): Promise<{chainPem: string; keyPem: string}> {
    const {issuer = 'intermediate', present = 'chain', validFor, more} = options
    const above = this.#authority(issuer)
    const {certificatePem, keyPem} = await issueCertificate({
      subject: dnsNames[0] ?? 'nobody',
      organization: ORGANIZATION,
      dnsNames,
      issuer: above,
      ...validity(validFor),
      ...more,
    })
    // The lab's root is for the other side to have; a rogue one is shown off.
    const sent = present === 'chain' && issuer !== 'root' ? above.certificatePem : ''
    return {chainPem: certificatePem + sent, keyPem}
  }

  /** One more CA, for this lab's run alone. */
  authority(name: string, {issuer = 'root', validFor, ...more}: AuthorityOptions = {}): Promise<IssuedCertificate> {
    return issueCertificate({
      subject: `Postern Lab ${name} CA`,
      organization: ORGANIZATION,
      ca: true,
      issuer: this.#authority(issuer),
      ...validity(validFor),
      ...more,
    })
  }

  /** With its key, for what has to be signed by hand. */
  issuer(name: AuthorityName): IssuedCertificate {
    return this.#authorities[name]
  }

  #authority(issuer: AuthorityName | IssuedCertificate): IssuedCertificate {
    return typeof issuer === 'string' ? this.#authorities[issuer] : issuer
  }
}

const ORGANIZATION = 'Postern Lab'

function validity(days: [number, number] | undefined): Pick<IssueOptions, 'notBefore' | 'notAfter'> {
  return days ? {notBefore: daysFromNow(days[0]), notAfter: daysFromNow(days[1])} : {}
}

/** What a lab before this one left; null when there is none, or it will not last. */
async function stored(dir: string): Promise<Record<AuthorityName, IssuedCertificate> | null> {
  const found: [string, IssuedCertificate][] = []
  for (const name of Object.keys(AUTHORITIES)) {
    try {
      const certificatePem = await readFile(join(dir, `${name}.pem`), 'utf8')
      const keyPem = await readFile(join(dir, `${name}.key`), 'utf8')
      if (new X509Certificate(certificatePem).validToDate < daysFromNow(30)) return null
      found.push([name, {certificatePem, keyPem}])
    } catch {
      return null
    }
  }
  return Object.fromEntries(found) as Record<AuthorityName, IssuedCertificate>
}

async function created(dir: string): Promise<Record<AuthorityName, IssuedCertificate>> {
  await mkdir(dir, {recursive: true})
  const made: Partial<Record<string, IssuedCertificate>> = {}
  for (const [name, {subject, issuer}] of Object.entries(AUTHORITIES)) {
    const above = issuer === null ? undefined : made[issuer]
    const authority = await issueCertificate({
      subject,
      organization: ORGANIZATION,
      ca: true,
      notAfter: daysFromNow(3650),
      ...(above ? {issuer: above} : {}),
    })
    made[name] = authority
    await writeFile(join(dir, `${name}.key`), authority.keyPem, {mode: 0o600})
    await writeFile(join(dir, `${name}.pem`), authority.certificatePem)
  }
  return made as Record<AuthorityName, IssuedCertificate>
}

function daysFromNow(days: number): Date {
  return new Date(Date.now() + days * DAY)
}
