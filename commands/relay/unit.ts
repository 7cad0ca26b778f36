import {realpathSync} from 'node:fs'
import {Flags} from '@oclif/core'
import {relayUnits} from '../../src/app/relay-unit.ts'
import {BaseCommand} from '../../src/cli/base-command.ts'
import type {DocumentOf} from '../../src/report/schema/documents.ts'

export default class RelayUnit extends BaseCommand {
  static override summary = 'print a systemd unit that runs the relay in a sandbox'
  static override description =
    `The unit names this program, the two directories and what relay.yaml listens on now. With --socket systemd opens the
ports and the relay needs no privilege; --socket alone prints the service, --print socket the socket unit.
Who the relay runs as is for the unit to say: relay.yaml needs no user then.`
  static override examples = [
    '<%= config.bin %> relay unit --user postern --config-dir /etc/postern --data-dir /var/lib/postern > /etc/systemd/system/postern.service',
    '<%= config.bin %> relay unit --socket --print socket > /etc/systemd/system/postern.socket',
  ]

  static override flags = {
    user: Flags.string({description: 'account that the relay runs as', default: 'postern', helpValue: 'USER'}),
    socket: Flags.boolean({description: 'have systemd open the ports and pass them on'}),
    print: Flags.option({
      description: 'which of the two units to print',
      options: ['service', 'socket'] as const,
      default: 'service' as const,
    })(),
  }

  async run(): Promise<DocumentOf<'relay-unit'>> {
    const {flags} = await this.parse(RelayUnit)
    const program = [process.execPath, realpathSync(process.argv[1]!)]
    const socket = flags.socket || flags.print === 'socket'
    const units = await relayUnits(await this.world(), {user: flags.user, socket, program})
    this.print((flags.print === 'socket' ? units.socket : units.service)?.trimEnd() ?? '')
    return {schema: 'postern.relay-unit/1', ...units}
  }
}
