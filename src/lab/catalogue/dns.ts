import type {ZoneSite} from '../partner.ts'
import type {DnsFault, ZoneEntry} from '../zone.ts'
import {type Draft, NOT_REACHED, UNREACHABLE} from './draft.ts'
import {inOrder} from './story.ts'

/** What DNS says, or does not say, of a domain. */
export const DNS: readonly Draft[] = [
  nowhere('null-mx', 'takes no mail, and says so with a null MX', 'null-mx', ({domain}) => [mx(domain, '', 0)]),
  nowhere('nxdomain', 'does not exist', 'domain-not-found', () => []),
  {
    ...nowhere('no-records', 'exists, and has neither MX nor address', 'no-address', ({domain}) => [
      {name: `www.${domain}`, type: 'A', address: '127.0.0.1'},
    ]),
    remarks: ['implicit-mx'],
  },
  {
    name: 'null-mx-with-others',
    trouble: 'a null MX beside an MX host, where it means nothing',
    remarks: ['null-mx-with-others'],
    records: (site) => [mx(site.domain, '', 0), ...usual(site)],
    build: inOrder,
  },
  {
    name: 'cname-loop',
    trouble: 'an alias that leads back to itself',
    levels: UNREACHABLE,
    remarks: ['dns-failed'],
    records: ({domain}) => [
      {name: domain, type: 'CNAME', target: `b.${domain}`},
      {name: `b.${domain}`, type: 'CNAME', target: domain},
    ],
    build: inOrder,
  },
  {
    name: 'mx-cname-loop',
    trouble: 'an MX host that is an alias which leads back to itself',
    levels: UNREACHABLE,
    remarks: ['dns-failed'],
    records: ({domain, mx: host}) => [
      mx(domain, host),
      {name: host, type: 'CNAME', target: `b.${host}`},
      {name: `b.${host}`, type: 'CNAME', target: host},
    ],
    build: inOrder,
  },
  doubtful('servfail', 'its DNS server answers SERVFAIL', 'servfail'),
  {
    ...doubtful('servfail-host', 'the DNS server of its MX host answers SERVFAIL', 'servfail'),
    records: (site) => [...usual(site), {name: site.mx, type: 'FAULT', fault: 'servfail'}],
  },
  {
    ...doubtful('dnssec-bogus', 'its DNS answers do not pass DNSSEC (SERVFAIL, RFC 8914)', 'bogus'),
    remarks: ['dnssec-invalid'],
  },
  {
    ...doubtful('dnssec-bogus-host', 'the address of its MX host does not pass DNSSEC', 'bogus'),
    remarks: ['dnssec-invalid'],
    records: (site) => [...usual(site), {name: site.mx, type: 'FAULT', fault: 'bogus'}],
  },
  {
    name: 'dnssec-signed',
    trouble: 'nothing: its DNS answers pass DNSSEC (the AD bit)',
    records: (site) => [
      ...usual(site),
      {name: site.domain, type: 'FAULT', fault: 'signed'},
      {name: site.mx, type: 'FAULT', fault: 'signed'},
    ],
    build: inOrder,
  },
  doubtful('dns-silent', 'its DNS server does not answer', 'silent'),
  doubtful('dns-other-question', 'its DNS server answers a question that nobody asked', 'other-question'),
  doubtful('dns-other-id', 'what comes from its DNS server is no answer to the query, but a forgery', 'other-id'),
  doubtful('dns-truncated-for-good', 'a truncated DNS answer, and no other over TCP', 'truncated-for-good'),
  {
    name: 'dns-truncated',
    trouble: 'nothing: a truncated DNS answer, and the whole one over TCP',
    records: (site) => [...usual(site), {name: site.domain, type: 'FAULT', fault: 'truncated'}],
    build: inOrder,
  },
  {
    name: 'dns-poison',
    trouble: 'its DNS answers bring along records of other names, which have to be left alone',
    records: (site) => [
      ...usual(site),
      {name: site.domain, type: 'EXTRA', extra: {name: 'mx1.example.mil', type: 'A', address: '127.0.0.66'}},
      {name: site.domain, type: 'EXTRA', extra: {name: site.mx, type: 'A', address: '127.0.0.66'}},
    ],
    build: inOrder,
  },
]

export function mx(domain: string, exchange: string, preference = 10): ZoneEntry {
  return {name: domain, type: 'MX', preference, exchange}
}

export function usual({domain, mx: host}: ZoneSite): ZoneEntry[] {
  return [mx(domain, host), {name: host, type: 'A', address: null}]
}

/** Nobody to dial, and no doubt about it. */
function nowhere(name: string, trouble: string, finding: string, records: Draft['records']): Draft {
  return {name, trouble, levels: UNREACHABLE, findings: [finding], records: records!, build: nobody}
}

/** DNS has this fault at the domain. */
function doubtful(name: string, trouble: string, fault: DnsFault): Draft {
  return {
    ...{name, trouble, ...NOT_REACHED, remarks: ['dns-failed']},
    records: (site) => [...usual(site), {name: site.domain, type: 'FAULT', fault}],
    build: inOrder,
  }
}

async function nobody() {
  return {identity: null, closed: true} as const
}
