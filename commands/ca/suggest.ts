import {Args, Flags} from '@oclif/core'
import {suggestCas} from '../../src/app/ca-suggest.ts'
import {probeTarget} from '../../src/app/probe-targets.ts'
import {BaseCommand} from '../../src/cli/base-command.ts'
import {probeFlags, probeOptions} from '../../src/cli/probe-flags.ts'
import {suggestText} from '../../src/cli/suggest-text.ts'
import type {DocumentOf} from '../../src/report/schema/documents.ts'

export default class CaSuggest extends BaseCommand {
  static override summary = 'name the certificates that would make the chain of a domain pass'
  static override description =
    `Looks at the hosts of a domain as a probe does, and follows each chain that does not pass to
where it ends: a root that is not trusted here, or an intermediate that the partner does not send. Nothing is imported,
and nothing is fetched without --fetch-missing. Trust in a root is for you to decide, by its fingerprint.

Exit 0: every chain passes as it is. 1: something lacks, or nothing would help. 75: no chain could be seen.`

  static override examples = [
    '<%= config.bin %> ca suggest example.mil',
    '<%= config.bin %> ca suggest example.mil --fetch-missing --output example.mil.pem',
  ]

  static override args = {domain: Args.string({description: 'domain, or address literal', required: true})}

  static override flags = {
    mx: probeFlags.mx,
    port: probeFlags.port,
    smtps: probeFlags.smtps,
    connect: probeFlags.connect,
    name: probeFlags.name,
    profile: probeFlags.profile,
    level: probeFlags.level,
    ca: probeFlags.ca,
    resolver: probeFlags.resolver,
    timeout: probeFlags.timeout,
    'fetch-missing': probeFlags['fetch-missing'],
    output: Flags.string({description: 'write the certificates that are at hand to this file, PEM', helpValue: 'FILE'}),
  }

  async run(): Promise<DocumentOf<'ca-suggest'>> {
    const {args, flags} = await this.parse(CaSuggest)
    const options = {
      ...probeOptions({...flags, any: false, 'expiry-days': 0, 'per-address': 1, pause: 250}),
      ...{fetchMissing: flags['fetch-missing'], output: flags.output},
    }
    const suggestion = await suggestCas(await this.world(), probeTarget(args.domain), options)
    if (suggestion.chains.length === 0) this.say(`no certificate of ${suggestion.target} was seen: postern probe`)
    else this.print(await suggestText(suggestion))
    if (suggestion.output !== null) this.say(`written to ${suggestion.output}`)
    this.exitWith(suggestion.exit)
    return {schema: 'postern.ca-suggest/1', ...suggestion}
  }
}
