import type {AttemptEvidence, Finding} from '../evidence.ts'
import {finding} from '../findings.ts'
import {presentedLeaf} from '../reading.ts'

const DAY = 86_400_000
/** A machine on which nothing was written for so long is rare; one whose clock ran ahead is not. */
const QUIET = 365 * DAY

interface Times {
  newestFile: number | null
  now: number
}

/**
 * Whether the clock is to blame: every certificate that was seen is out of its validity, and something else that bears
 * a date contradicts the clock: a greeting, or the files of this machine.
 */
export function clockRemarks(attempts: readonly AttemptEvidence[], {newestFile, now}: Times): Finding[] {
  const leaves = attempts.flatMap(leafOf)
  const late = leaves.length > 0 && leaves.every(({until}) => until < now)
  const early = leaves.length > 0 && leaves.every(({from}) => from > now)
  if (!late && !early) return []
  const witness = greetingWitness(leaves, now) ?? fileWitness(newestFile, now, late)
  if (witness === null) return []
  const state = late ? 'has expired' : 'is not valid yet'
  const message = `your clock says ${day(now)}: by it every certificate that was seen ${state}, and ${witness}`
  return [finding('local-clock', message, 'set the clock of this machine (timedatectl), and look again')]
}

interface Leaf {
  host: string
  banner: string | null
  from: number
  until: number
}

function leafOf(attempt: AttemptEvidence): Leaf[] {
  const {host, banner} = attempt
  const leaf = presentedLeaf(attempt)
  return leaf ? [{host, banner, from: Date.parse(leaf.notBefore), until: Date.parse(leaf.notAfter)}] : []
}

/** A greeting may hold the time of the peer, and a certificate that is valid by that time is in order. */
function greetingWitness(leaves: readonly Leaf[], now: number): string | null {
  for (const {host, banner, from, until} of leaves) {
    const said = dateIn(banner ?? '')
    if (said === null || Math.abs(said - now) < DAY || said < from || said > until) continue
    return `the greeting of ${host} says ${day(said)}`
  }
  return null
}

/** RFC 5322 §3.3, as many mail servers put it into their greeting. */
function dateIn(banner: string): number | null {
  const found =
    /\b\d{1,2} (?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) \d{4} \d\d:\d\d(?::\d\d)?(?: (?:[+-]\d{4}|GMT|UTC))?/.exec(
      banner,
    )
  const at = found ? Date.parse(found[0]) : Number.NaN
  return Number.isNaN(at) ? null : at
}

function fileWitness(newest: number | null, now: number, late: boolean): string | null {
  if (newest === null) return null
  if (late) return now - newest > QUIET ? `no file of this machine was written since ${day(newest)}` : null
  return newest - now > DAY ? `files of this machine are from ${day(newest)}` : null
}

function day(at: number): string {
  return new Date(at).toISOString().slice(0, 10)
}
