import {setTimeout as sleep} from 'node:timers/promises'
import {type Overrides, readOverrides, seenOverrides, writeOverrides} from '../lab/overrides.ts'
import {printable} from '../mail/domain.ts'
import {Exit, PosternError} from '../mail/error.ts'
import {nearest} from '../state/suggest.ts'
import {type LabRecord, runningLab} from './running-lab.ts'

export interface Hijacked {
  domain: string
  mx: string
  /** Name of the partner that answers now. */
  by: string
  address: string
}

/** From now on the host of `by` answers for the MX host of `domain`, with its own certificate. Both may be names or domains. */
export async function hijackDomain(labDir: string, domain: string, by: string): Promise<Hijacked> {
  const lab = await runningLab(labDir)
  const [owner, other] = [partner(lab, domain), partner(lab, by)]
  await apply(labDir, {...readOverrides(labDir), [owner.domain]: other.name})
  return {domain: owner.domain, mx: owner.mx, by: other.name, address: other.address}
}

/** Its own host answers for `domain` again. Restoring what was not hijacked changes nothing. */
export async function restoreDomain(labDir: string, domain: string): Promise<Hijacked> {
  const lab = await runningLab(labDir)
  const owner = partner(lab, domain)
  const {[owner.domain]: _, ...rest} = readOverrides(labDir)
  await apply(labDir, rest)
  return {domain: owner.domain, mx: owner.mx, by: owner.name, address: owner.address}
}

/** Waits until the lab has broken the connections to the old host: a kept one would hide the change. */
async function apply(labDir: string, overrides: Overrides): Promise<void> {
  await writeOverrides(labDir, overrides)
  const wanted = JSON.stringify(overrides)
  for (let tries = 0; tries < 200; tries++) {
    if (JSON.stringify(seenOverrides(labDir)) === wanted) return
    await sleep(25)
  }
  throw new PosternError('lab-deaf', 'the lab does not take notice of the change', {
    exit: Exit.tryAgain,
    hints: ['postern lab stop, then postern lab start'],
  })
}

function partner(lab: LabRecord, text: string): LabRecord['partners'][number] {
  const found = lab.partners.find(({name, domain}) => name === text || domain === text.toLowerCase())
  if (found) return found
  throw new PosternError('lab-partner-unknown', `no partner "${printable(text)}" runs in the lab`, {
    exit: Exit.usage,
    hints: [hintOf(text, lab)],
  })
}

function hintOf(text: string, lab: LabRecord): string {
  const names = lab.partners.map(({name}) => name)
  const meant = nearest(text, [...names, ...lab.partners.map(({domain}) => domain)])
  if (meant) return `did you mean ${meant}?`
  return names.length > 12 ? 'postern lab list names them' : `there are: ${names.join(', ')}`
}
