import {printable} from '../mail/domain.ts'
import type {CaImport} from './cas.ts'
import type {IdentityEntry} from './identities.ts'
import type {PolicyResult} from './setup.ts'

/** What a person should know of it before agreeing, a sentence each; the probe speaks for itself. */
export function remarksOf(
  {ca}: PolicyResult,
  identity: IdentityEntry | null,
  names: {greeting: string; certificate: string | undefined},
): string[] {
  return [...(ca ? caRemarks(ca) : []), ...identityRemarks(identity), ...nameRemarks(names)]
}

function caRemarks({name, remarks, missing, complete}: CaImport): string[] {
  const lacking = missing.map(({issuer, issued}) => {
    return `CA ${name} is not complete: it lacks ${printable(issuer)}, which issued ${printable(issued)}`
  })
  return [...remarks, ...(complete || lacking.length > 0 ? lacking : [`CA ${name} is not complete: it has no root`])]
}

function identityRemarks(identity: IdentityEntry | null): string[] {
  if (identity?.state !== 'requested') return []
  const {name} = identity
  return [
    `identity ${name} still waits for its certificate, and the relay cannot start with it: postern identity import,` +
      ` or postern identity create ${name} --replace`,
  ]
}

/** The name that the relay says in its greeting and in EHLO is one of relay.yaml's. */
function nameRemarks({greeting, certificate}: {greeting: string; certificate: string | undefined}): string[] {
  if (certificate === undefined || certificate === greeting) return []
  return [
    `the relay greets as ${greeting}; to have it say ${certificate}, write "hostname: ${certificate}" into relay.yaml`,
  ]
}
