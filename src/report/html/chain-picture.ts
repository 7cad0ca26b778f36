import type {ChainResult} from '../probe-schema.ts'
import {html, type Markup} from './markup.ts'
import {standing, validityBar} from './validity.ts'

type Certificate = ChainResult['presented'][number]
type Missing = ChainResult['missing'][number]

const WIDTH = 330
const GAP = 26
const CERTIFICATE_HEIGHT = 98
const MISSING_HEIGHT = 92
const ANCHOR_HEIGHT = 46
/** More than any chain that OpenSSL would follow to the end; a peer may send more than that. */
const MOST = 10

const FAULT = {
  peer: 'The partner is at fault: its host has to send it.',
  local: 'It is up to us: our trust store lacks it.',
  unknown: 'The partner should send it, or our trust store lacks it.',
}

interface Box {
  height: number
  /** What a screen reader says of it. */
  words: string
  draw(y: number): Markup
  /** Where the line to it from the box above is broken: what stands beside it. */
  broken: string | null
}

/**
 * The chain from the leaf at the top to the trust anchor at the bottom, as OpenSSL put it together. Nothing else scales
 * to a telephone as well: the boxes stand below one another. `today` in milliseconds.
 */
export function chainPicture(chain: ChainResult, today: number): Markup {
  const boxes = boxesOf(chain, today)
  let y = 1
  const drawn = boxes.map((box, i) => {
    const link = i > 0 ? linkTo(y - GAP, box.broken) : null
    const markup = html`${link}${box.draw(y)}`
    y += box.height + GAP
    return markup
  })
  const label = boxes.map(({words}) => words).join('; then ')
  return html`<svg viewBox="0 0 ${WIDTH} ${y - GAP + 1}" role="img"><title>Certificate chain</title><desc>${label}</desc>${drawn}</svg>`
}

function boxesOf(chain: ChainResult, today: number): Box[] {
  const certificates = (chain.built.length > 0 ? chain.built : chain.presented).slice(0, MOST)
  const boxes = certificates.map((one, i) => certificateBox(one, roleOf(one, i, chain), today))
  for (const missing of chain.missing.slice(0, MOST)) {
    boxes.push(isShownRoot(missing.issuer, certificates) ? strangeRootBox(missing) : missingBox(missing))
  }
  const anchored = certificates.some(({subject}) => subject === chain.anchor)
  if (chain.anchor !== null && !anchored) boxes.push(anchorBox(chain.anchor))
  if (chain.anchor === null && chain.missing.length === 0) boxes.push(nowhereBox(chain.error))
  return boxes
}

/** The issuer that lacks is a root which the peer sent. */
export function isShownRoot(issuer: string, shown: readonly Certificate[]): boolean {
  return shown.some(({subject, selfSigned}) => selfSigned && subject === issuer)
}

function roleOf(certificate: Certificate, depth: number, {anchor, presented}: ChainResult): string {
  const sent = presented.some(({sha256}) => sha256 === certificate.sha256)
  const place = depth === 0 ? 'leaf' : certificate.selfSigned ? 'root' : 'intermediate'
  const trust = certificate.subject === anchor ? ', trust anchor' : ''
  return `${place}${trust} · ${sent ? 'sent by the peer' : 'from our store'}`
}

function certificateBox(certificate: Certificate, role: string, today: number): Box {
  const {subject, notAfter} = certificate
  const anchor = role.includes('trust anchor') ? ' anchor' : ''
  return {
    height: CERTIFICATE_HEIGHT,
    broken: null,
    words: `${role}: ${subject}, ends ${notAfter.slice(0, 10)}, ${standing(certificate, today).words}`,
    draw: (
      y,
    ) => html`<g><title>${subject}</title><rect class="box${anchor}" x="1" y="${y}" width="${WIDTH - 2}" height="${CERTIFICATE_HEIGHT}" rx="8"/>
${lines(y, [
  ['small', `${role} · ${certificate.key}`],
  ['name', commonName(subject)],
  ['small', restOfName(subject)],
])}
${validityBar(certificate, today, {x: 12, y: y + 71, width: WIDTH - 24})}</g>`,
  }
}

function missingBox({issuer, keyId, fault}: Missing): Box {
  const what = fault === 'local' ? 'not among our trust anchors' : 'missing issuer'
  return {
    height: MISSING_HEIGHT,
    broken: '✗ signed by',
    words: `${what}: ${issuer}, key id ${keyId ?? 'not known'}. ${FAULT[fault]}`,
    draw: (
      y,
    ) => html`<g><title>${issuer}</title><rect class="missing" x="2" y="${y}" width="${WIDTH - 4}" height="${MISSING_HEIGHT}" rx="8"/>
${lines(y, [
  ['bad', `✗ ${what}`],
  ['name', commonName(issuer)],
  ['small', restOfName(issuer)],
  ['mono', keyId === null ? 'key id not known' : `key id ${keyId}`],
  ['plain', FAULT[fault]],
])}</g>`,
  }
}

function anchorBox(anchor: string): Box {
  return {
    height: ANCHOR_HEIGHT,
    broken: null,
    words: `trust anchor: ${anchor}`,
    draw: (
      y,
    ) => html`<g><title>${anchor}</title><rect class="box anchor" x="1" y="${y}" width="${WIDTH - 2}" height="${ANCHOR_HEIGHT}" rx="8"/>
${lines(y, [
  ['small', 'trust anchor'],
  ['name', commonName(anchor)],
])}</g>`,
  }
}

/** The peer sent its root, which nobody signed but itself; what lacks is trust in it. */
function strangeRootBox({issuer, fault}: Missing): Box {
  const what = 'this root is not among our trust anchors'
  return {
    height: ANCHOR_HEIGHT,
    broken: '✗ trusted by',
    words: `${what}: ${issuer}. ${FAULT[fault]}`,
    draw: (
      y,
    ) => html`<g><title>${issuer}</title><rect class="missing" x="2" y="${y}" width="${WIDTH - 4}" height="${ANCHOR_HEIGHT}" rx="8"/>
${lines(y, [
  ['bad', `✗ ${what}`],
  ['plain', FAULT[fault]],
])}</g>`,
  }
}

/** Not trusted, and no issuer is missing that could be named. */
function nowhereBox(error: string | null): Box {
  const words = 'no trust anchor: the chain ends here'
  return {
    height: ANCHOR_HEIGHT,
    broken: '✗ signed by',
    words,
    draw: (y) => html`<g><rect class="missing" x="2" y="${y}" width="${WIDTH - 4}" height="${ANCHOR_HEIGHT}" rx="8"/>
${lines(y, [
  ['bad', `✗ ${words}`],
  ['mono', error ?? ''],
])}</g>`,
  }
}

function linkTo(y: number, broken: string | null): Markup {
  const x = WIDTH / 2
  return html`<path class="link${broken === null ? '' : ' broken'}" d="M${x} ${y + 2}V${y + GAP - 3}m-5 -6l5 6l5 -6"/>
<text class="${broken === null ? 'small' : 'bad'}" x="${x + 10}" y="${y + 17}">${broken ?? 'signed by'}</text>`
}

// Text of SVG does not wrap: what is longer than the box is cut there, and stands in full below the picture.
function lines(y: number, rows: readonly (readonly [string, string])[]): Markup {
  const texts = rows.map(
    ([shade, text], i) => html`<text class="${shade}" x="0" y="${15 + i * 16}">${cut(text)}</text>`,
  )
  return html`<svg x="12" y="${y}" width="${WIDTH - 24}" height="90">${texts}</svg>`
}

function cut(text: string): string {
  const characters = [...text.slice(0, 200)]
  return characters.length > 62 ? `${characters.slice(0, 61).join('')}…` : text
}

function commonName(subject: string): string {
  const found = /(?:^|,)CN=((?:\\.|[^,\\])+)/.exec(subject)
  const name = found?.[1] ?? subject
  return name.length > 44 ? `${[...name].slice(0, 43).join('')}…` : name
}

function restOfName(subject: string): string {
  return subject.replace(/(?:^|,)CN=(?:\\.|[^,\\])+/, '').replace(/^,/, '')
}
