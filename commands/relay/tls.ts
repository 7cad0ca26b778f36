import {Args} from '@oclif/core'
import {switchRelayTls} from '../../src/app/relay-tls.ts'
import {BaseCommand} from '../../src/cli/base-command.ts'
import type {DocumentOf} from '../../src/report/schema/documents.ts'

export default class RelayTls extends BaseCommand {
  static override summary = 'switch TLS of the receiving side on or off, also while the relay runs'
  static override description =
    `Off: STARTTLS is not advertised, and the implicit-TLS ports do not listen. How mail is delivered is a matter of
profiles and does not change.`
  static override examples = ['<%= config.bin %> relay tls off', '<%= config.bin %> relay tls on']

  static override args = {
    state: Args.string({description: 'on or off', options: ['on', 'off'], required: true}),
  }

  async run(): Promise<DocumentOf<'relay-tls'>> {
    const {args} = await this.parse(RelayTls)
    const enabled = args.state === 'on'
    const {revision} = await switchRelayTls(await this.world(), enabled)
    this.print(`TLS is ${args.state}; ${revision === null ? 'no relay runs' : `the relay runs revision ${revision}`}`)
    return {schema: 'postern.relay-tls/1', enabled, revision}
  }
}
