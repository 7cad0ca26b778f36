import {finding} from '../policy/findings.ts'
import type {ProbeResult} from '../report/probe-schema.ts'
import type {BadTarget} from './probe-list.ts'

const NOWHERE = {none: 'unreachable', preferred: 'unreachable', encrypt: 'unreachable', secure: 'unreachable'} as const

/** A line that names no domain, among the results, so that it is not overlooked. */
export function badResult({text, error}: BadTarget): ProbeResult {
  return {
    target: text,
    unicode: null,
    verdict: 'undetermined',
    exit: 64,
    summary: error.message,
    profile: {name: 'preferred', level: 'preferred', rule: null},
    levels: {...NOWHERE},
    delivery: {...NOWHERE},
    fate: 'deferred',
    status: null,
    timedOut: false,
    route: {source: 'mx', status: 'unknown', nullMx: false, failure: error.message},
    mtaSts: {},
    dane: {},
    tlsRpt: {},
    hosts: [],
    findings: [finding('target-invalid', error.message, error.hints[0] ?? 'a target looks like example.mil')],
    elapsed: 0,
  }
}
