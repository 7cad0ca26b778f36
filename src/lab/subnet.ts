/** The addresses of one lab: a /24 of loopback of its own. */
export interface Subnet {
  dns: {address: string; port: number}
  relay: string
  /** By place in the catalogue. */
  partner(place: number): string
}

const DNS_PORT = 5353
const FIRST_PARTNER = 10
const MOST_TRIES = 20

/** Where a lab may live: at its usual place, or, while another lab is there, somewhere else. */
export function* subnets(): Generator<Subnet> {
  yield subnet(25, 25)
  for (let tries = 0; tries < MOST_TRIES; tries++) yield subnet(between(1, 254), between(0, 255))
}

function subnet(second: number, third: number): Subnet {
  const host = (last: number) => `127.${second}.${third}.${last}`
  return {
    dns: {address: host(1), port: DNS_PORT},
    relay: host(2),
    partner: (place) => host(FIRST_PARTNER + place),
  }
}

function between(least: number, most: number): number {
  return least + Math.floor(Math.random() * (most - least + 1))
}
