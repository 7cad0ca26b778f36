import {MailAddress, mailDomainText, parseMailDomain} from '../mail/address.ts'
import type {Fate, PathEvidence, PathVerdict} from '../policy/evidence.ts'
import {predictPaths} from '../policy/explain.ts'
import type {Profile} from '../policy/profile.ts'
import type {Lease} from '../queue/store.ts'
import type {DsnAction} from '../relay/dsn/report.ts'
import {fatesOfClosedPath} from '../relay/ending.ts'
import {settlement} from '../relay/settle.ts'
import {loadConfiguration} from '../state/load.ts'
import type {LivePath} from './live-path.ts'
import type {AppWorld} from './world.ts'

/** What the sender would be sent about one path. */
export interface DsnPreview {
  /** null: the path as it was met. */
  finding: string | null
  title: string
  fate: Fate
  messages: {
    action: DsnAction /** Milliseconds from receiving the mail to this message. */
    after: number
    message: string
  }[]
}

type Path = Pick<DsnPreview, 'finding' | 'title'> & {evidence: PathEvidence; verdict: PathVerdict}

/**
 * The DSNs that the relay would compose for this mail, by the relay's own settlement: for each finding that keeps mail
 * back under the profile, or for the path that was met. `mail.sender` '' or `<>` is the null sender, who gets none.
 */
export async function previewDsns(
  world: AppWorld,
  mail: {recipient: string; sender?: string | undefined},
  about: Profile | LivePath,
): Promise<DsnPreview[]> {
  const {settings} = await loadConfiguration(world.configDir)
  const {hostname, queue} = settings
  const recipient = MailAddress.parse(parseMailDomain(mail.recipient) ? `someone@${mail.recipient}` : mail.recipient)
  const sender = mail.sender === '<>' ? '' : (mail.sender ?? `sender@${hostname}`)
  const {warnAfter, lifetime} = queue
  const paths = 'attempts' in about ? [metPath(about)] : predictPaths(about, mailDomainText(recipient.domain))
  const kept = paths.filter(({verdict}) => verdict.fate !== 'delivered')
  return Promise.all(
    kept.map(async ({finding, title, evidence, verdict}) => {
      const moments = verdict.fate === 'bounced' ? [0] : [warnAfter, lifetime].filter((after) => after <= lifetime)
      const settled = moments.map((after) =>
        dsnsAt(leaseOf(sender, recipient, world.now() - after), {evidence, verdict}, {hostname, queue}, world, after),
      )
      return {finding, title, fate: verdict.fate, messages: (await Promise.all(settled)).flat()}
    }),
  )
}

function metPath({domain, route, attempts, verdict}: LivePath): Path {
  return {
    finding: null,
    title: `what was met on the way to ${domain}`,
    evidence: {domain, route, attempts},
    verdict: {...verdict, attempts: attempts.map((attempt) => attempt.verdict)},
  }
}

async function dsnsAt(
  lease: Lease,
  path: Pick<Path, 'evidence' | 'verdict'>,
  snapshot: Parameters<typeof settlement>[0]['snapshot'],
  world: AppWorld,
  after: number,
): Promise<DsnPreview['messages']> {
  const [{address} = {address: ''}] = lease.recipients
  const letter = Buffer.from(
    `From: <${lease.message.reversePath}>\r\nTo: <${address}>\r\nSubject: (as you wrote it)\r\n\r\n(Your text.)\r\n`,
  )
  const body = async function* () {
    yield letter
  }
  const at = lease.message.receivedAt + after
  const settling = {lease, snapshot, at, random: () => world.random(), body, salvage: body}
  const {settlement: settled, dsns} = await settlement(settling, fatesOfClosedPath(lease.recipients, path))
  return settled.dsns.map((dsn, i) => ({action: dsns[i]!.kind, after, message: dsn.body.toString()}))
}

function leaseOf(reversePath: string, {text: address, domain, needsUtf8}: MailAddress, receivedAt: number): Lease {
  return {
    messageId: 'PREVIEW',
    destination: mailDomainText(domain),
    recipients: [{id: 1, address, options: {}, attempts: 0, warned: false}],
    token: 0,
    expiresAt: receivedAt,
    message: {reversePath, options: needsUtf8 ? {smtputf8: true} : {}, receivedAt, size: 0, origin: 'preview'},
  }
}
