import {endpoint} from '../../mail/address.ts'
import type {AddressResult, HostResult, ProbeResult} from '../probe-schema.ts'
import {bothForms} from '../probe-text.ts'
import {levelCells} from './levels.ts'
import {html, type Markup} from './markup.ts'

/**
 * The route as a tree: the domain, its mail hosts by preference, their addresses, each with its outcome at the four
 * levels. It is made of nested lists and drawn by the style, so that it reads aloud, and stands upright on a telephone.
 */
export function routePicture({target, unicode, hosts, route}: ProbeResult): Markup {
  const nowhere = html`<li class="broken"><div class="node missing">✗ ${route.failure ?? 'no host'}</div></li>`
  return html`<ul class="route"><li>
<div class="node domain"><bdi>${bothForms(target, unicode)}</bdi></div>
<ul>${hosts.length > 0 ? hosts.map(hostItem) : nowhere}</ul>
</li></ul>`
}

function hostItem(host: HostResult): Markup {
  const {name, unicode, learned, preference, failure, addresses} = host
  const place = preference === null ? null : html`<small>preference ${preference}</small> `
  const nowhere = html`<li class="broken"><div class="node missing">✗ ${failure ?? 'no address'}</div></li>`
  return html`<li${broken(addresses.every(isBroken))}>
<div class="node host" title="${learned}">${place}<bdi>${bothForms(name, unicode)}</bdi></div>
<ul>${addresses.map(addressItem)}${failure !== null || addresses.length === 0 ? nowhere : null}</ul>
</li>`
}

function addressItem(address: AddressResult): Markup {
  const {outcome, policy} = address
  return html`<li${broken(isBroken(address))}>
<div class="node address"><code>${endpoint(address)}</code>${levelCells(outcome, policy.profile.level)}</div></li>`
}

/** Under the profile in force no mail goes this way. */
function isBroken({policy}: AddressResult): boolean {
  return policy.outcome === 'refused' || policy.outcome === 'unreachable'
}

function broken(is: boolean): Markup | null {
  return is ? html` class="broken"` : null
}
