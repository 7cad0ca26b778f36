import {createHash} from 'node:crypto'
import {chainSection} from './html/chains.ts'
import {addressFacts} from './html/facts.ts'
import {levelCells} from './html/levels.ts'
import {html, Markup} from './html/markup.ts'
import {routePicture} from './html/route-picture.ts'
import {STYLE} from './html/style.ts'
import type {ProbeDocument, ProbeResult} from './probe-schema.ts'
import {bothForms, circumstances, merged} from './probe-text.ts'

const VERDICT = {pass: '✓ Policy met', fail: '✗ Policy not met', undetermined: '? Not judged'}
const TALLY = {pass: 'policy met', fail: 'policy not met', undetermined: 'not judged'}

// What a peer writes is escaped; if anything got through all the same, it could neither run nor fetch.
const STYLE_HASH = createHash('sha256').update(STYLE).digest('base64')
const CONTENT_SECURITY = `default-src 'none'; style-src 'sha256-${STYLE_HASH}'; img-src data:; base-uri 'none'; form-action 'none'`

/** One page that stands alone: it asks for no other file, runs no script, and can be sent on, printed or kept. */
export function probeHtml(document: ProbeDocument): string {
  const {startedAt, results} = document
  const today = Date.parse(startedAt)
  const title = results.length === 1 ? `Mail to ${results[0]!.target}` : `Mail to ${results.length} targets`
  const page = html`<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${CONTENT_SECURITY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<link rel="icon" href="data:,">
<title>${title}: the TLS of its path</title>
<style>${new Markup(STYLE)}</style>
</head>
<body>
<header>
<h1>${title}</h1>
<p class="faint">The TLS of its path, as the mailer saw it on <time datetime="${startedAt}">${minute(startedAt)}</time>.</p>
${results.length > 1 ? overview(results) : null}
</header>
<main>
${results.map((result, i) => target(result, i, today))}
</main>
<footer>Postern, document ${document.schema}. Nothing was delivered: neither MAIL nor RCPT was sent.</footer>
</body>
</html>`
  return `<!doctype html>\n${page.text}\n`
}

function overview(results: readonly ProbeResult[]): Markup {
  const counts = (['pass', 'fail', 'undetermined'] as const).flatMap((verdict) => {
    const count = results.filter((result) => result.verdict === verdict).length
    return count === 0 ? [] : [html`<li class="${verdict}"><b class="verdict">${count}</b> ${TALLY[verdict]}</li>`]
  })
  const lines = results.map(
    ({target: name, unicode, verdict, summary}, i) =>
      html`<li class="${verdict}"><span class="verdict">${VERDICT[verdict]}</span> <span><a href="#target-${i + 1}"><bdi>${bothForms(name, unicode)}</bdi></a><br><span class="faint">${sentence(summary)}</span></span></li>`,
  )
  return html`<ul class="tally" aria-label="Targets by verdict">${counts}</ul><ol class="overview">${lines}</ol>`
}

function target(result: ProbeResult, index: number, today: number): Markup {
  const {verdict, summary, elapsed, levels, delivery, profile} = result
  return html`<article class="${verdict}" id="target-${index + 1}">
<h2><bdi>${bothForms(result.target, result.unicode)}</bdi></h2>
<p class="headline"><span class="verdict">${VERDICT[verdict]}</span> <span>${sentence(summary)}</span></p>
<p class="faint">${sentence(circumstances(result))}; looked at for ${(elapsed / 1000).toFixed(1)} s.</p>
${findings(result)}
<h3>What one can rely on, at each level</h3>
${levelCells(levels, profile.level, delivery)}
<h3>Route</h3>
${routePicture(result)}
<p class="faint">Framed is the level in force. Where a line is broken, no mail goes under it.</p>
${chainSection(result, today)}
${addressFacts(result)}
</article>`
}

/** A capital at the beginning, unless a name stands there. */
function sentence(text: string): string {
  return /^[a-z]+[ ,;]/.test(text) ? text.charAt(0).toUpperCase() + text.slice(1) : text
}

function findings(result: ProbeResult): Markup | null {
  const all = merged(result)
  if (all.length === 0) return null
  const items = all.map(
    ({severity, code, message, hint, section}) =>
      html`<li class="${severity}"><span class="${SHADE[severity]} strong">${severity}</span> <code>${code}</code>${section ? html` <span class="faint">${section}</span>` : null}<div>${sentence(message)}</div><div class="hint">${hint}</div></li>`,
  )
  return html`<h3>Findings</h3><ul class="findings">${items}</ul>`
}

const SHADE = {error: 'bad', warning: 'warning', info: 'faint'}

function minute(time: string): string {
  return `${time.slice(0, 16).replace('T', ' ')} UTC`
}
