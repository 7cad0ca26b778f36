import {join, resolve} from 'node:path'
import {BaseCommand} from './base-command.ts'

/** What the lab's own commands share: where the lab is kept. It is below the data directory, with `--lab` or without. */
export abstract class LabCommand extends BaseCommand {
  protected labDir(flags: {'data-dir'?: string | undefined}): string {
    return join(resolve(flags['data-dir'] ?? this.config.dataDir), 'lab')
  }
}
