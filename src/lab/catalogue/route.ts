import type {Behaviour, PartnerSite, ZoneSite} from '../partner.ts'
import type {ZoneEntry} from '../zone.ts'
import {mx, usual} from './dns.ts'
import {at, type Draft, NOT_REACHED, UNAUTHENTICATED, UNREACHABLE, UNTRUSTED, VERIFIED} from './draft.ts'
import {inOrder} from './story.ts'

/** Ways to the hosts, and fleets whose hosts are not alike. */
export const ROUTE: readonly Draft[] = [
  {
    name: 'implicit-mx',
    trouble: 'nothing: no MX record, the domain itself is the mail host',
    mx: 'implicit-mx.example',
    remarks: ['implicit-mx'],
    records: ({domain}) => [{name: domain, type: 'A', address: null}],
    build: inOrder,
  },
  {
    name: 'domain-alias',
    trouble: 'nothing: the domain is an alias of another one',
    remarks: ['domain-is-alias'],
    records: (site) => [
      {name: site.domain, type: 'CNAME', target: `mail.${site.domain}`},
      ...usual({...site, domain: `mail.${site.domain}`}),
    ],
    build: inOrder,
  },
  {
    name: 'mx-alias',
    trouble: 'its MX host is an alias, which RFC 2181 forbids',
    remarks: ['mx-is-alias'],
    records: ({domain, mx: host, addresses}) => [
      mx(domain, host),
      {name: host, type: 'CNAME', target: `host.${domain}`},
      {name: `host.${domain}`, type: 'A', address: addresses[0]!},
    ],
    build: inOrder,
  },
  {
    name: 'dangling-mx',
    trouble: 'its MX record names a host that does not exist',
    levels: UNREACHABLE,
    findings: ['no-address'],
    remarks: ['mx-host-not-found'],
    records: ({domain, mx: host}) => [mx(domain, host), {name: `www.${domain}`, type: 'A', address: '127.0.0.1'}],
    build: inOrder,
  },
  {
    name: 'unregistered-mx',
    trouble: 'its MX record names a host in a domain that belongs to nobody',
    levels: UNREACHABLE,
    findings: ['no-address'],
    remarks: ['mx-domain-unregistered'],
    records: ({domain}) => [mx(domain, 'mx1.forgotten-provider.example')],
    build: inOrder,
  },
  {
    name: 'mx-without-address',
    trouble: 'its MX host has no address',
    levels: UNREACHABLE,
    findings: ['no-address'],
    remarks: ['mx-host-without-address'],
    records: ({domain, mx: host}) => [mx(domain, host), {name: `b.${host}`, type: 'A', address: '127.0.0.1'}],
    build: inOrder,
  },
  {
    name: 'mx-address-literal',
    trouble: 'an IP address where the MX record should have a name',
    levels: UNREACHABLE,
    findings: ['no-address'],
    remarks: ['mx-is-address'],
    records: ({domain, addresses}) => [mx(domain, addresses[0]!)],
    build: inOrder,
  },
  {
    name: 'mx-name-invalid',
    trouble: 'its MX record names what can be no host',
    levels: UNREACHABLE,
    findings: ['no-address'],
    remarks: ['mx-name-invalid'],
    records: ({domain}) => [mx(domain, `-mx-.${domain}`)],
    build: inOrder,
  },
  {
    name: 'one-mx-dangling',
    trouble: 'its first MX host does not exist, the second takes the mail',
    remarks: ['mixed-fleet', 'mx-host-not-found'],
    records: (site) => [mx(site.domain, `gone.${site.domain}`, 5), ...usual(site)],
    build: inOrder,
  },
  {
    ...fleet('mixed-fleet', 'of two MX hosts the second has a certificate of another CA', [10, 20], otherCa),
    ...{
      levels: UNTRUSTED.levels,
      delivery: VERIFIED,
      findings: UNTRUSTED.findings,
      remarks: ['chain-unknown-root', 'mixed-fleet'],
    },
  },
  {
    ...fleet('backup-without-tls', 'its backup MX host offers no TLS', [10, 20], async () => ({identity: null})),
    levels: at('clear', 'clear', 'refused', 'refused'),
    delivery: VERIFIED,
    findings: ['starttls-not-supported'],
    remarks: ['mixed-fleet'],
  },
  {
    ...fleet('first-without-tls', 'its first MX host offers no TLS, its backup does', [20, 10], async () => ({
      identity: null,
    })),
    levels: at('clear', 'clear', 'refused', 'refused'),
    delivery: at('clear', 'clear', 'tls', 'verified'),
    findings: ['starttls-not-supported'],
    remarks: ['mixed-fleet'],
  },
  {
    ...fleet('equal-preference', 'nothing: two MX hosts of equal preference', [10, 10], second),
    remarks: [],
  },
  {
    ...fleet('backup-down', 'its backup MX host is down', [10, 20], closed),
    ...{levels: UNREACHABLE, delivery: VERIFIED, remarks: ['host-unreachable', 'mixed-fleet']},
  },
  {
    name: 'one-address-refuses',
    trouble: 'the first of the two addresses of its MX host refuses connections',
    ...{levels: UNREACHABLE, delivery: VERIFIED, remarks: ['host-unreachable']},
    records: bothAddresses,
    build: closed,
    others: [inOrder],
  },
  {
    name: 'certificate-by-address',
    trouble: 'its MX host shows another certificate at each of its addresses, and an expired one at the second',
    remarks: ['chain-expired'],
    levels: UNTRUSTED.levels,
    delivery: VERIFIED,
    findings: ['certificate-expired'],
    records: bothAddresses,
    build: inOrder,
    others: [async ({pki, mx: host}) => ({identity: await pki.leaf([host], {validFor: [-60, -1]})})],
  },
  {
    ...fleet('same-banner', 'two MX hosts greet alike, as if a proxy stood before them', [10, 20], behindProxy('mx2')),
    build: behindProxy('mx1'),
    remarks: ['same-banner-everywhere'],
  },
  ...(
    [
      ['unroutable-address', '0.0.0.0'],
      ['private-address', '10.25.25.25'],
      ['provider-address', '100.64.25.25'],
      ['link-local-address', '169.254.25.25'],
      ['link-local-ipv6', 'fe80::25'],
      ['private-ipv6', 'fd25::25'],
    ] as const
  ).map(([name, address]) => unroutable(name, address)),
  {
    name: 'ipv6-only',
    trouble: 'nothing: it has an IPv6 address alone',
    ipv6: 'loopback',
    records: ({domain, mx: host}) => [mx(domain, host), {name: host, type: 'AAAA', address: '::1'}],
    build: inOrder,
  },
  {
    name: 'ipv6-refuses',
    trouble: 'its MX host refuses connections at its IPv6 address',
    ipv6: 'mapped',
    ...{levels: UNREACHABLE, delivery: VERIFIED, remarks: ['host-unreachable']},
    records: bothFamilies,
    build: inOrder,
    others: [closed],
  },
  {
    name: 'ipv4-refuses',
    trouble: 'its MX host refuses connections at its IPv4 address',
    ipv6: 'mapped',
    ...{levels: UNREACHABLE, delivery: VERIFIED, remarks: ['host-unreachable']},
    records: bothFamilies,
    build: closed,
    others: [inOrder],
  },
  {
    name: 'ipv6-elsewhere',
    trouble: 'its MX host shows the certificate of another host at its IPv6 address',
    ipv6: 'mapped',
    ...{levels: UNAUTHENTICATED, delivery: VERIFIED, findings: ['certificate-host-mismatch']},
    records: bothFamilies,
    build: inOrder,
    others: [async ({pki, domain}) => ({identity: await pki.leaf([`www.${domain}`])})],
  },
  {
    name: 'ipv6-fleet',
    trouble: 'nothing: of two MX hosts one has IPv4 alone, and the other IPv6',
    ipv6: 'mapped',
    records: ({domain, mx: host, addresses}) => [
      mx(domain, host),
      mx(domain, secondName(domain), 20),
      {name: host, type: 'A', address: addresses[0]!},
      {name: secondName(domain), type: 'AAAA', address: inIpv6(addresses[1]!)},
    ],
    build: inOrder,
    others: [second],
  },
  {
    name: 'many-mx',
    trouble: 'more MX hosts than anybody tries',
    remarks: ['hosts-left-out', 'mixed-fleet', 'mx-host-not-found'],
    records: (site) =>
      Array.from({length: 24}, (_, i) => [
        mx(site.domain, `${i === 0 ? site.mx : `gone${i}.${site.domain}`}`, 10 + i),
        ...(i === 0 ? usual(site).slice(1) : []),
      ]).flat(),
    build: inOrder,
  },
  {
    name: 'all-closed',
    trouble: 'both of its MX hosts refuse connections',
    ...NOT_REACHED,
    remarks: ['host-unreachable'],
    records: twoHosts([10, 20]),
    build: closed,
    others: [closed],
  },
]

const secondName = (domain: string) => `mx2.${domain}`

/** Two MX hosts: the first in order, the other as `build` has it. */
function fleet(name: string, trouble: string, preferences: [number, number], build: Draft['build']): Draft {
  return {name, trouble, records: twoHosts(preferences), build: inOrder, others: [build]}
}

function twoHosts([first, other]: [number, number]): NonNullable<Draft['records']> {
  return ({domain, mx: host, addresses}) => [
    mx(domain, host, first),
    mx(domain, secondName(domain), other),
    {name: host, type: 'A', address: addresses[0]!},
    {name: secondName(domain), type: 'A', address: addresses[1]!},
  ]
}

function bothAddresses({domain, mx: host, addresses}: ZoneSite): ZoneEntry[] {
  return [mx(domain, host), ...addresses.map((address): ZoneEntry => ({name: host, type: 'A', address}))]
}

/** Its first host at an IPv4 address, the other one at an IPv6 address. */
function bothFamilies({domain, mx: host, addresses: [first, other]}: ZoneSite): ZoneEntry[] {
  return [
    mx(domain, host),
    {name: host, type: 'A', address: first!},
    {name: host, type: 'AAAA', address: inIpv6(other!)},
  ]
}

/** RFC 4291 §2.5.5.2: loopback of IPv6 has a single address, that of IPv4 inside it has millions. */
function inIpv6(address: string): string {
  const [a = 0, b = 0, c = 0, d = 0] = address.split('.').map(Number)
  return `::ffff:${(a * 256 + b).toString(16)}:${(c * 256 + d).toString(16)}`
}

/** Nobody leaves the lab, so that nobody answers there either. */
function unroutable(name: string, address: string): Draft {
  return {
    ...{name, trouble: `its MX host has the address ${address}, which leads nowhere on the Internet`, ...NOT_REACHED},
    remarks: ['host-unreachable', 'private-address'],
    records: ({domain, mx: host}) => [
      mx(domain, host),
      {name: host, type: address.includes(':') ? 'AAAA' : 'A', address},
    ],
    build: inOrder,
  }
}

async function closed(): Promise<Behaviour> {
  return {identity: null, closed: true}
}

async function second({pki, domain}: PartnerSite): Promise<Behaviour> {
  return {identity: await pki.leaf([secondName(domain)])}
}

function behindProxy(host: string): Draft['build'] {
  return async ({pki, domain}) => ({
    identity: await pki.leaf([`${host}.${domain}`]),
    script: {reply: (verb) => (verb === '' ? ['220 filter.local ESMTP'] : undefined)},
  })
}

async function otherCa({pki, domain}: PartnerSite): Promise<Behaviour> {
  return {identity: await pki.leaf([secondName(domain)], {issuer: 'rogue'})}
}
