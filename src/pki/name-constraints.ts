import ipaddr from 'ipaddr.js'
import {children, type Element} from './der.ts'

/** NameConstraints of a CA (RFC 5280 §4.2.1.10), as far as they speak of what a mail host is named by. */
export interface NameConstraints {
  permitted: Subtrees
  excluded: Subtrees
}

export interface Subtrees {
  dnsNames: string[]
  /** Address and mask, eight or thirty-two octets. */
  ipAddresses: Buffer[]
}

/** Throws BerError. */
export function readNameConstraints(value: Element): NameConstraints {
  const parts = children(value)
  return {permitted: subtrees(parts, 0xa0), excluded: subtrees(parts, 0xa1)}
}

function subtrees(parts: Element[], tag: number): Subtrees {
  const list = parts.find((part) => part.tag === tag)
  const bases = (list ? children(list) : []).flatMap((subtree) => children(subtree).slice(0, 1))
  return {
    dnsNames: bases.filter((base) => base.tag === 0x82).map(({content}) => content.toString('latin1')),
    ipAddresses: bases.filter((base) => base.tag === 0x87).map(({content}) => content),
  }
}

/** Names of the leaf that the constraints forbid; a kind of name that no constraint speaks of is free. */
export function constraintViolations(
  constraints: NameConstraints | null,
  leaf: {dnsNames: string[]; ipAddresses: string[]},
): string[] {
  if (constraints === null) return []
  const {permitted, excluded} = constraints
  return [
    ...leaf.dnsNames.filter((name) => forbids(permitted.dnsNames, excluded.dnsNames, (base) => isBelow(name, base))),
    ...leaf.ipAddresses.filter((address) => {
      return forbids(permitted.ipAddresses, excluded.ipAddresses, (base) => isWithin(address, base))
    }),
  ]
}

function forbids<T>(permitted: T[], excluded: T[], covers: (base: T) => boolean): boolean {
  return excluded.some(covers) || (permitted.length > 0 && !permitted.some(covers))
}

/** RFC 5280 §4.2.1.10: a name is below a base when labels may be put in front of the base to make it. */
function isBelow(name: string, base: string): boolean {
  const [one, other] = [name.toLowerCase(), base.toLowerCase().replace(/^\./, '')]
  return other === '' || one === other || one.endsWith(`.${other}`)
}

function isWithin(address: string, base: Buffer): boolean {
  const octets = ipaddr.parse(address).toByteArray()
  const half = base.length / 2
  return (
    octets.length === half && octets.every((octet, i) => (octet & base[half + i]!) === (base[i]! & base[half + i]!))
  )
}
