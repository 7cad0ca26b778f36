import {endpoint} from '../../mail/address.ts'
import {printable} from '../../mail/domain.ts'
import type {Outcome} from '../../policy/evidence.ts'
import {LEVELS} from '../../policy/profile.ts'
import type {AddressResult, HostResult, ProbeResult} from '../probe-schema.ts'
import {bothForms, shadeAt} from '../probe-text.ts'
import {failureWords, timeWords, wireWords} from '../probe-text-address.ts'
import {html, type Markup} from './markup.ts'

const SIGN: Record<Outcome, string> = {verified: '✓', tls: '•', clear: '○', refused: '✗', unreachable: '?'}

/** The route: each MX host with how it was learned, and each of its addresses with the outcome at the four levels. */
export function routeTable({hosts}: ProbeResult): Markup {
  return html`<table>
<thead><tr><th scope="col">MX host and address</th>${LEVELS.map((level) => html`<th scope="col">${level}</th>`)}</tr></thead>
${hosts.map(hostRows)}
</table>`
}

function hostRows({name, unicode, learned, preference, failure, addresses}: HostResult): Markup {
  const place = preference === null ? '' : `MX ${preference} `
  return html`<tbody>
<tr><th class="host" colspan="5" scope="rowgroup">${place}<bdi>${bothForms(name, unicode)}</bdi></th></tr>
<tr><td class="notes faint" colspan="5">${learned}${failure === null ? null : html`<br>${failure}`}</td></tr>
${addresses.map(addressRows)}
</tbody>`
}

function addressRows(address: AddressResult): Markup {
  const {banner, failure} = address
  const greeting = banner === null ? '' : `greeting "${printable(banner, 300)}"`
  const notes = [wireWords(address), failureWords(address), timeWords(address), greeting].filter(Boolean)
  return html`<tr><th scope="row"><code>${endpoint(address)}</code></th>${LEVELS.map(
    (level) =>
      html`<td class="level ${shadeAt(level, address.outcome[level])}" data-level="${level}">${words(address.outcome[level])}</td>`,
  )}</tr>
<tr><td class="notes faint" colspan="5">${notes.map((note) => html`<div>${note}</div>`)}
${failure === null ? null : html`<pre>${failure.reproduce}</pre>`}</td></tr>`
}

function words(outcome: Outcome): string {
  return `${SIGN[outcome]} ${outcome}`
}
