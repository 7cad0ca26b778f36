import {dirname} from 'node:path'
import {Args, Flags} from '@oclif/core'
import {tellStarter} from '../../src/app/detach.ts'
import {detachLab} from '../../src/app/lab-detach.ts'
import type {LabRecord} from '../../src/app/running-lab.ts'
import {describeError} from '../../src/cli/errors.ts'
import {LabCommand} from '../../src/cli/lab-command.ts'
import {labInvitation, labLine} from '../../src/cli/lab-text.ts'
import type {DocumentOf} from '../../src/report/schema/documents.ts'

export default class LabStart extends LabCommand {
  static override summary = 'start a mail world on loopback, for rehearsing'
  static override description =
    `DNS, CAs and partners, some in order and some failing, each on a loopback address of its own; no privilege is needed.
While it runs, every command works in it with --lab. It runs in the foreground until ctrl-C.`
  static override examples = [
    '<%= config.bin %> lab start',
    '<%= config.bin %> lab start good impostor',
    '<%= config.bin %> lab start tls smtp',
    '<%= config.bin %> lab start --all',
    '<%= config.bin %> lab start --detach',
  ]

  static override strict = false
  static override args = {
    partner: Args.string({description: 'partners to start, by name, domain or group; default the group story'}),
  }

  static override flags = {
    all: Flags.boolean({description: 'start every partner of the catalogue'}),
    detach: Flags.boolean({description: 'run in the background; returns when it listens'}),
    port: Flags.integer({
      description: 'SMTP port of every partner; implicit TLS is 60 below',
      helpValue: 'PORT',
      min: 1084,
      max: 65535,
    }),
  }

  async run(): Promise<DocumentOf<'lab-start'>> {
    const {flags, argv} = await this.parse(LabStart)
    const options = {
      labDir: this.labDir(flags),
      partners: flags.all ? ('all' as const) : (argv as string[]),
      port: flags.port,
    }
    return flags.detach ? this.#detach(options) : this.#stay(options)
  }

  async #detach({labDir, partners, port}: StartOptions): Promise<DocumentOf<'lab-start'>> {
    const {logFile, lab} = await detachLab(
      labDir,
      [process.execPath, ...process.execArgv, process.argv[1]!],
      [
        ...['--data-dir', dirname(labDir)],
        ...(port === undefined ? [] : ['--port', String(port)]),
        ...(partners === 'all' ? ['--all'] : ['--', ...partners]),
      ],
    )
    this.print(labInvitation(labDir, lab, this.config.bin).replace('ctrl-C ends it', 'postern lab stop ends it'))
    return this.#document(lab, {logFile})
  }

  async #stay({port, ...options}: StartOptions): Promise<DocumentOf<'lab-start'>> {
    const end = new AbortController()
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => end.abort())
    let lab: LabRecord | null = null
    try {
      const {runLab} = await import('../../src/app/start-lab.ts')
      await runLab({
        ...options,
        ...(port === undefined ? {} : {port}),
        end: end.signal,
        observe: (event) => {
          const line = labLine(event)
          if (line !== null) this.print(line)
        },
        ready: (record) => {
          lab = record
          this.print(labInvitation(options.labDir, record, this.config.bin))
          tellStarter<LabRecord>({ready: record})
        },
      })
    } catch (error) {
      tellStarter({error: describeError(error)})
      throw error
    }
    this.print('the lab has ended')
    return this.#document(lab!, {ended: true as const})
  }

  #document<More>({pid, dns, ports, configDir, dataDir, partners}: LabRecord, more: More) {
    return {schema: 'postern.lab-start/1' as const, pid, dns, ports, configDir, dataDir, partners, ...more}
  }
}

interface StartOptions {
  labDir: string
  partners: string[] | 'all'
  port: number | undefined
}
