import type {Outcome} from '../policy/evidence.ts'
import {LEVELS} from '../policy/profile.ts'
import {type Labels, metricLines, type Sample} from './exposition.ts'
import type {AddressResult, ProbeDocument, ProbeResult} from './probe-schema.ts'

interface Metric {
  name: string
  help: string
  samples(results: readonly ProbeResult[]): Sample[]
}

/** What cannot be told has no number: such an outcome has no sample, and postern_probe_reached is 0. */
const OUTCOME_VALUE: Record<Outcome, number | null> = {unreachable: null, refused: 0, clear: 1, tls: 2, verified: 3}
const OUTCOME_HELP = '0 refused, 1 clear text, 2 TLS without authentication, 3 verified TLS; absent where not reached.'
const VERDICTS = ['pass', 'fail', 'undetermined'] as const

const METRICS: readonly Metric[] = [
  ofTarget('success', 'Whether the target meets the policy: 1 yes, 0 no or not known.', ({verdict}) =>
    verdict === 'pass' ? 1 : 0,
  ),
  {
    name: 'postern_probe_verdict',
    help: 'The verdict on the target: 1 at the one that holds.',
    samples: each(({target, verdict: own}) =>
      VERDICTS.map((verdict) => ({labels: {target, verdict}, value: verdict === own ? 1 : 0})),
    ),
  },
  ofTarget(
    'exit_code',
    'Exit code of the target alone: 0 pass, 1 fail, 68 no mail host, 75 could not look.',
    ({exit}) => exit,
  ),
  ofTarget('duration_seconds', 'Time for the whole look at the target.', ({elapsed}) => elapsed / 1000),
  {
    name: 'postern_probe_level',
    help: `What one can rely on at the target, the worst outcome over its addresses: ${OUTCOME_HELP}`,
    samples: each(({target, levels}) => outcomeSamples({target}, levels)),
  },
  {
    name: 'postern_probe_outcome',
    help: `Outcome at an address: ${OUTCOME_HELP}`,
    samples: eachAddress((labels, {outcome}) => outcomeSamples(labels, outcome)),
  },
  ofAddress('reached', 'Whether SMTP was reached at the address.', ({reach}) => Number(reach.reached)),
  ofAddress('starttls_advertised', 'Whether the address offers STARTTLS.', ({starttls}) =>
    starttls.advertised === null ? null : Number(starttls.advertised),
  ),
  {
    name: 'postern_probe_tls_info',
    help: 'What was negotiated at the address; always 1.',
    samples: eachAddress((labels, {tls}) =>
      tls ? [{labels: {...labels, version: tls.version, cipher: tls.cipher, group: tls.group ?? ''}, value: 1}] : [],
    ),
  },
  ofAddress('chain_trusted', 'Whether the certificate chain ends at a trust anchor.', ({chain}) =>
    chain ? Number(chain.trusted) : null,
  ),
  ofAddress('name_matched', 'Whether the certificate names the host.', ({subject}) =>
    subject ? Number(subject.matched) : null,
  ),
  {
    name: 'postern_probe_certificate_not_after_timestamp_seconds',
    help: 'When a certificate expires, seconds since 1970; position 0 is the leaf, in the order of the wire.',
    samples: eachAddress((labels, {chain}) =>
      (chain?.presented ?? []).map(({subject, notAfter}, position) => ({
        labels: {...labels, position, subject},
        value: Date.parse(notAfter) / 1000,
      })),
    ),
  },
  {
    name: 'postern_probe_findings',
    help: 'Findings of each severity about the target, its hosts and addresses.',
    samples: each((result) => {
      const all = [...result.findings, ...result.hosts.flatMap(({addresses}) => addresses.flatMap((a) => a.findings))]
      return (['error', 'warning', 'info'] as const).map((severity) => ({
        labels: {target: result.target, severity},
        value: all.filter((finding) => finding.severity === severity).length,
      }))
    }),
  },
]

/**
 * The text format of Prometheus (version 0.0.4), for node-exporter's textfile collector, which refuses a file with time
 * stamps or with one series twice.
 */
export function probeMetrics({startedAt, results}: ProbeDocument): string {
  const lines = METRICS.flatMap(({name, help, samples}) => metricLines(name, help, samples(results)))
  const started = [{labels: {}, value: Date.parse(startedAt) / 1000}]
  lines.push(...metricLines('postern_probe_timestamp_seconds', 'When the probe started, seconds since 1970.', started))
  return `${lines.join('\n')}\n`
}

function outcomeSamples(labels: Labels, outcomes: ProbeResult['levels']): Sample[] {
  return LEVELS.flatMap((level) => {
    const value = OUTCOME_VALUE[outcomes[level]]
    return value === null ? [] : [{labels: {...labels, level}, value}]
  })
}

function each(of: (result: ProbeResult) => Sample[]): Metric['samples'] {
  return (results) => results.flatMap(of)
}

function eachAddress(of: (labels: Labels, address: AddressResult) => Sample[]): Metric['samples'] {
  return each(({target, hosts}) =>
    hosts.flatMap(({name, addresses}) =>
      addresses.flatMap((one) => of({target, host: name, address: one.address, port: one.port}, one)),
    ),
  )
}

function ofTarget(name: string, help: string, value: (result: ProbeResult) => number): Metric {
  const samples = each((result) => [{labels: {target: result.target}, value: value(result)}])
  return {name: `postern_probe_${name}`, help, samples}
}

/** null: it cannot be told, and there is no sample. */
function ofAddress(name: string, help: string, of: (address: AddressResult) => number | null): Metric {
  const samples = eachAddress((labels, address) => {
    const value = of(address)
    return value === null ? [] : [{labels, value}]
  })
  return {name: `postern_probe_${name}`, help, samples}
}
