import {chosenPartners} from '../lab/lab.ts'
import {readOverrides} from '../lab/overrides.ts'
import {factsOf, type PartnerFacts} from '../lab/partner.ts'
import {type LabRecord, runningLab} from './running-lab.ts'

export interface LabListing {
  /** The lab that runs; null: none does. */
  lab: Pick<LabRecord, 'pid' | 'dns' | 'ports' | 'configDir' | 'dataDir'> | null
  partners: ListedPartner[]
}

export interface ListedPartner extends PartnerFacts {
  /** null: not running. */
  address: string | null
  /** Name of the partner whose host answers for this domain at the moment; null: its own. */
  hijackedBy: string | null
}

/**
 * The partners of the catalogue with these names, domains or groups, all of them without any, and where those of a running
 * lab are. Throws `lab-partner-unknown` (64).
 */
export async function listLab(labDir: string, names: readonly string[] = []): Promise<LabListing> {
  const chosen = chosenPartners(names.length === 0 ? 'all' : names)
  const lab = await runningLab(labDir).catch(() => null)
  const overrides = lab ? readOverrides(labDir) : {}
  const partners = chosen.map((declared) => ({
    ...factsOf(declared),
    address: lab?.partners.find(({name}) => name === declared.name)?.address ?? null,
    hijackedBy: overrides[declared.domain] ?? null,
  }))
  if (lab === null) return {lab, partners}
  const {pid, dns, ports, configDir, dataDir} = lab
  return {lab: {pid, dns, ports, configDir, dataDir}, partners}
}
