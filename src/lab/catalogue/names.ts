import type {Behaviour, PartnerSite} from '../partner.ts'
import type {LeafOptions} from '../pki.ts'
import {type Draft, MISNAMED} from './draft.ts'

/** Names in certificates (RFC 9525). */
export const NAMES: readonly Draft[] = [
  {
    name: 'cn-only',
    trouble: 'its host name is in the common name alone, where nobody looks for it',
    ...MISNAMED,
    build: (site) => named(site, [], {more: {subject: site.mx}}),
  },
  {
    name: 'domain-name',
    trouble: 'its certificate names the mail domain, not the MX host',
    ...MISNAMED,
    build: (site) => named(site, [site.domain]),
  },
  {
    name: 'wildcard',
    trouble: 'nothing: a wildcard covers its host',
    build: (site) => named(site, [`*.${site.domain}`]),
  },
  {
    name: 'wildcard-partial',
    trouble: 'a wildcard that is a part of a label only: mx*',
    ...MISNAMED,
    build: (site) => named(site, [`mx*.${site.domain}`]),
  },
  {
    name: 'wildcard-too-deep',
    mx: 'mx1.eu.wildcard-too-deep.example',
    trouble: 'a wildcard that would have to stand for two labels',
    ...MISNAMED,
    build: (site) => named(site, [`*.${site.domain}`]),
  },
  {
    name: 'wildcard-inside',
    trouble: 'a wildcard that is not the left-most label',
    ...MISNAMED,
    build: (site) => named(site, ['mx1.*.example']),
  },
  {
    name: 'wildcard-alone',
    trouble: 'a certificate for * and everything',
    ...MISNAMED,
    build: (site) => named(site, ['*', '*.*', '*.*.example']),
  },
  {
    name: 'wildcard-top',
    mx: 'wildcard-top-mx.example',
    trouble: 'a wildcard right above a top-level domain',
    ...MISNAMED,
    build: (site) => named(site, ['*.example']),
  },
  {
    name: 'ip-only',
    trouble: 'its certificate names IP addresses, and no host',
    ...MISNAMED,
    build: (site) => named(site, [], {more: {ipAddresses: ['127.0.0.1', '192.0.2.25']}}),
  },
  {
    name: 'ip-as-name',
    trouble: 'an IP address where a host name belongs',
    ...MISNAMED,
    build: (site) => named(site, ['127.25.25.25']),
  },
  {
    name: 'embedded-nul',
    trouble: 'a NUL in the middle of a name, behind which another domain follows',
    ...MISNAMED,
    build: (site) => named(site, [`${site.mx}\0.attacker.example`]),
  },
  {
    name: 'trailing-dot',
    trouble: 'nothing: its name in the certificate ends in the dot of the root',
    build: (site) => named(site, [`${site.mx}.`]),
  },
  {
    name: 'upper-case',
    trouble: 'nothing: its name in the certificate is in upper case',
    build: (site) => named(site, [site.mx.toUpperCase()]),
  },
  {
    name: 'idn',
    domain: 'xn--mnchen-3ya.example',
    trouble: 'nothing: an internationalised domain, with its A-label in the certificate',
    remarks: ['name-internationalized'],
    build: (site) => named(site, [site.mx]),
  },
  {
    name: 'idn-u-label',
    domain: 'xn--kln-sna.example',
    trouble: 'an internationalised domain, with its U-label in the certificate',
    ...MISNAMED,
    remarks: ['name-internationalized'],
    build: (site) => named(site, ['mx1.köln.example']),
  },
  {
    name: 'many-names',
    trouble: 'nothing: its name is the last of two hundred',
    build: (site) => named(site, [...Array.from({length: 199}, (_, i) => `host${i}.many-names.example`), site.mx]),
  },
]

async function named({pki}: PartnerSite, dnsNames: string[], options: LeafOptions = {}): Promise<Behaviour> {
  return {identity: await pki.leaf(dnsNames, options)}
}
