import {writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {startLab} from '../../../src/lab/lab.ts'
import {type RunOptions, run, scratch} from '../../support/cli.ts'

export interface LabPlace extends AsyncDisposable {
  /** A config directory whose relay.yaml finds the partners; the lab's CAs are imported as `mil`. */
  at: RunOptions
  domainOf(partner: string): string
}

/** A lab with these partners in this process. */
export async function labPlace(partners: string[]): Promise<LabPlace> {
  const home = await scratch()
  const lab = await startLab({dir: join(home.dir, 'lab'), partners})
  const {smtp, smtps} = lab.ports
  await writeFile(
    join(home.dir, 'relay.yaml'),
    `hostname: relay.example.org\ndns: {servers: ["${lab.dns}"]}\nports: {smtp: ${smtp}, smtps: ${smtps}}\n`,
  )
  const pem = join(home.dir, 'root.pem')
  await writeFile(pem, lab.rootPem + lab.intermediatePem)
  const at = {configDir: home.dir}
  await run(['ca', 'import', pem, '--name', 'mil'], at)
  return {
    at,
    domainOf: (name) => lab.partners.find((partner) => partner.name === name)!.domain,
    async [Symbol.asyncDispose]() {
      await lab.stop()
      await home[Symbol.asyncDispose]()
    },
  }
}
