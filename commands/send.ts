import {isIP} from 'node:net'
import {userInfo} from 'node:os'
import {Flags} from '@oclif/core'
import {composeMessage} from '../src/app/compose-message.ts'
import {deliverDirect} from '../src/app/deliver-direct.ts'
import {readInputFile} from '../src/app/input-file.ts'
import {sendMessage} from '../src/app/send-message.ts'
import {BaseCommand} from '../src/cli/base-command.ts'
import {sendLines} from '../src/cli/send-lines.ts'
import {standardInputOctets} from '../src/cli/standard-input.ts'
import {MailAddress} from '../src/mail/address.ts'
import {Domain, printable} from '../src/mail/domain.ts'
import {Exit, PosternError} from '../src/mail/error.ts'
import {LEVELS} from '../src/policy/profile.ts'
import type {DocumentOf} from '../src/report/schema/documents.ts'
import {loadConfiguration} from '../src/state/load.ts'

export default class Send extends BaseCommand {
  static override summary = 'send a message: through the running relay, or directly'
  static override description =
    `Without --direct the message is handed to the relay on this data directory, over SMTP, and its queue id is
printed. With --direct one delivery attempt is made through the engine that the relay uses, without a queue: exit 0 when
it was delivered, 1 when the policy refused, 75 when nobody could be reached, 68 when there is no mail host, 69 when the
remote host refused for good.`
  static override examples = [
    '<%= config.bin %> send --to colonel@example.mil --subject hello',
    '<%= config.bin %> send --to colonel@example.mil --file letter.eml',
    '<%= config.bin %> send --to colonel@example.mil --direct --level secure --json',
    '<%= config.bin %> send --to colonel@example.mil --direct --mx 127.0.0.2:2525',
  ]

  static override flags = {
    to: Flags.string({
      description: 'recipient; may be given several times',
      multiple: true,
      required: true,
      helpValue: 'A',
    }),
    from: Flags.string({
      description: "envelope sender, '<>' for the null sender; default you at the relay's hostname",
      helpValue: 'A',
    }),
    subject: Flags.string({description: 'subject line', helpValue: 'T'}),
    body: Flags.string({description: 'text of the message', helpValue: 'T', exclusive: ['file']}),
    file: Flags.string({
      description: 'text of the message; a file that begins with header fields is sent as it is; - is stdin',
      helpValue: 'FILE',
    }),
    direct: Flags.boolean({description: 'one attempt through the engine, no queue'}),
    mx: Flags.string({
      description: 'dial this host instead of the MX hosts',
      helpValue: 'HOST[:PORT]',
      dependsOn: ['direct'],
    }),
    profile: Flags.string({
      description: 'judge by this profile instead of the policy',
      helpValue: 'NAME',
      dependsOn: ['direct'],
      exclusive: ['level'],
    }),
    level: Flags.string({
      description: 'judge by this level instead of the policy',
      options: LEVELS,
      dependsOn: ['direct'],
    }),
    timeout: Flags.integer({description: 'seconds for everything', default: 60, min: 1, max: 3600, helpValue: 'S'}),
  }

  async run(): Promise<DocumentOf<'send'>> {
    const {flags} = await this.parse(Send)
    const world = await this.world()
    const {settings} = await loadConfiguration(world.configDir)
    const from = reversePath(flags.from ?? `${localUser()}@${settings.hostname}`)
    const to = flags.to.map((text) => MailAddress.parse(text))
    const file = flags.file === undefined ? undefined : await readLetter(flags.file, settings.limits.messageSize)
    const {subject, body, timeout} = flags
    const message = await composeMessage({from, to, subject, body, file}, world.now(), settings.hostname)
    const letter = {from, to, message, timeout: timeout * 1000}
    const result = flags.direct
      ? await deliverDirect(world, {...letter, ...overrides(flags)})
      : await sendMessage(world, letter)
    this.print(sendLines(result).join('\n'))
    this.exitWith(result.exit)
    return result
  }
}

function reversePath(text: string): MailAddress | null {
  return text === '<>' || text === '' ? null : MailAddress.parse(text)
}

function overrides({mx, profile, level}: {mx?: string; profile?: string; level?: string}) {
  return {profile: profile ?? level, ...(mx === undefined ? {} : {route: nextHop(mx)})}
}

/** `HOST`, `HOST:PORT`, `[IPv6]:PORT`; without a port the one that partners listen on. */
function nextHop(text: string): {host: string; port?: number} {
  const found = /^(?:\[([^\]]+)\]|([^:]+))(?::(\d{1,5}))?$/.exec(text)
  const host = found?.[1] ?? found?.[2] ?? text
  const port = Number(found?.[3] ?? 1)
  if ((isIP(host) || Domain.tryParse(host)) && port >= 1 && port <= 65535) {
    return {host, ...(found?.[3] ? {port} : {})}
  }
  throw new PosternError('next-hop-invalid', `"${printable(text)}" is no mail host`, {
    exit: Exit.usage,
    hints: ['write it as mx1.example.mil, mx1.example.mil:2525 or [2001:db8::1]:25'],
  })
}

/** No more than the relay would take, wherever it comes from. */
async function readLetter(file: string, largest: number): Promise<Buffer> {
  return file === '-' ? standardInputOctets('file', largest) : readInputFile(file, largest)
}

function localUser(): string {
  const {username} = userInfo()
  return /^[\w.+-]+$/.test(username) ? username : 'postmaster'
}
