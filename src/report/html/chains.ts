import {endpoint} from '../../mail/address.ts'
import type {ChainResult, ProbeResult} from '../probe-schema.ts'
import {chainPicture, isShownRoot} from './chain-picture.ts'
import {html, type Markup} from './markup.ts'

interface Drawn {
  chain: ChainResult
  /** Who presents it. */
  places: string[]
}

/** A picture for each chain that was met, once for all addresses that present it. `today` in milliseconds. */
export function chainSection({hosts}: ProbeResult, today: number): Markup | null {
  const met = new Map<string, Drawn>()
  for (const {name, addresses} of hosts) {
    for (const address of addresses) {
      if (address.chain) note(met, address.chain, `${name} (${endpoint(address)})`)
    }
  }
  if (met.size === 0) return null
  const figures = [...met.values()].map((drawn) => figure(drawn, today))
  return html`<h3>Certificate chain${met.size > 1 ? 's' : ''}</h3><div class="chains">${figures}</div>`
}

function note(met: Map<string, Drawn>, chain: ChainResult, place: string): void {
  const same = met.get(JSON.stringify(chain))
  if (same) same.places.push(place)
  else met.set(JSON.stringify(chain), {chain, places: [place]})
}

function figure({chain, places}: Drawn, today: number): Markup {
  const shade = chain.trusted ? 'good' : 'bad'
  return html`<figure>
<figcaption><span class="${shade} strong">${chain.trusted ? '✓ trusted' : '✗ not trusted'}</span> at ${places.join(', ')}<br>${chain.summary}</figcaption>
${chainPicture(chain, today)}
<details${chain.trusted ? null : html` open=""`}><summary>In full</summary><ul>${namesInFull(chain)}</ul></details>
</figure>`
}

/** What the picture had to cut short, and what it has no room for. */
function namesInFull({built, presented, missing}: ChainResult): Markup[] {
  const shown = built.length > 0 ? built : presented
  const extra = presented.filter(({sha256}) => !shown.some((one) => one.sha256 === sha256))
  return [
    ...shown.map(
      ({subject, sha256}) => html`<li>${subject}<br><span class="faint">SHA-256</span> <code>${sha256}</code></li>`,
    ),
    ...missing.flatMap(({issuer, keyId, aia}) => [
      html`<li><b class="bad">${isShownRoot(issuer, shown) ? 'not trusted' : 'missing'}:</b> ${issuer}${keyId === null ? null : html`<br><span class="faint">key id</span> <code>${keyId}</code>`}</li>`,
      ...aia.map((address) => html`<li>its certificate may be at <code>${address}</code> (not fetched)</li>`),
    ]),
    ...extra.map(({subject}) => html`<li>sent as well, and no part of the chain: ${subject}</li>`),
  ]
}
