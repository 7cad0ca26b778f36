import {endpoint} from '../../mail/address.ts'
import type {AddressResult, ProbeResult} from '../probe-schema.ts'
import {failureWords, timeWords, tlsFacts, wireWords} from '../probe-text-address.ts'
import {html, type Markup} from './markup.ts'

type Fact = readonly [string, string | Markup | null]

/** Everything that was seen at each address, as tables; those of addresses that are well are folded away. */
export function addressFacts({hosts}: ProbeResult): Markup | null {
  const seen = hosts.flatMap(({name, learned, addresses}) => addresses.map((one) => addressBlock(name, learned, one)))
  return seen.length === 0 ? null : html`<h3>What was seen</h3>${seen}`
}

function addressBlock(host: string, learned: string, address: AddressResult): Markup {
  const facts: Fact[] = [
    ['Learned from', learned],
    ...nameFacts(address),
    ...handshakeFacts(address),
    ...smtpFacts(address),
    ['Time', timeWords(address)],
    ['Failed', failureWords(address)],
    ['See for yourself', address.failure && html`<pre>${address.failure.reproduce}</pre>`],
  ]
  const rows = facts.flatMap(([name, value]) =>
    value === null || value === '' ? [] : [html`<tr><th scope="row">${name}</th><td>${value}</td></tr>`],
  )
  return html`<details${address.failure === null ? null : html` open=""`}>
<summary><strong>${host}</strong> <code>${endpoint(address)}</code><br><span class="faint">${wireWords(address)}</span></summary>
<table class="facts"><caption class="aside">Facts of ${endpoint(address)}</caption>${rows}</table>
</details>`
}

function nameFacts({subject}: AddressResult): Fact[] {
  if (subject === null) return []
  const shade = subject.matched ? 'good' : 'bad'
  const sign = subject.matched ? '✓ one matches' : '✗ none matches'
  return [
    ['Name asked for', subject.reference.join(', ')],
    ['Names presented', html`${subject.presented.join(', ') || 'none'} <span class="${shade}">${sign}</span>`],
  ]
}

function handshakeFacts(address: AddressResult): Fact[] {
  const {tls, handshakeFailure} = address
  if (handshakeFailure) {
    const {code, serverVersion, alerts, nonTls} = handshakeFailure
    const told = alerts.map(({from, level, name, number}) => `${level} ${name} (${number}) from ${from}`)
    return [
      ['Handshake', code],
      ['Version of the peer', serverVersion],
      ['Alerts', told.join(', ')],
      ['In place of TLS', nonTls],
    ]
  }
  if (tls === null) return []
  const {version, cipher, bits, group, serverName, clientCertificate} = tls
  return [
    ['TLS', `${version}, ${cipher}, ${bits} bits`],
    ['Key exchange', group],
    ['Server name sent', serverName],
    ['Handshake', tlsFacts(address)],
    ['Client certificate of', clientCertificate && (clientCertificate.authorities.join('; ') || 'any CA')],
  ]
}

function smtpFacts({banner, mode, starttls, extensions}: AddressResult): Fact[] {
  const {advertised, accepted, reply, unoffered, injected} = starttls
  const offer = advertised === null ? null : advertised ? 'offered' : 'not offered'
  const answer = accepted === null ? null : accepted ? 'accepted' : 'refused'
  const words = [offer, answer, reply && `"${reply}"`, injected && 'plaintext came after the 220']
  return [
    ['Greeting', banner],
    ['STARTTLS', mode === 'implicit' ? 'TLS from the first octet' : words.filter(Boolean).join(', ')],
    ['STARTTLS all the same', unoffered ?? null],
    ['EHLO', extensions.clear.join(', ')],
    ['EHLO inside TLS', extensions.secure?.join(', ') ?? null],
  ]
}
