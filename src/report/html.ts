import {chainSection} from './html/chains.ts'
import {html, type Markup} from './html/markup.ts'
import {routeTable} from './html/route-table.ts'
import {STYLE} from './html/style.ts'
import type {ProbeDocument, ProbeResult} from './probe-schema.ts'
import {bothForms, circumstances, merged} from './probe-text.ts'

const VERDICT = {
  pass: '✓ The policy is met',
  fail: '✗ The policy is not met',
  undetermined: '? This could not be judged',
}

// What a peer writes is escaped; if anything got through all the same, it could neither run nor fetch.
const CONTENT_SECURITY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"

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
${STYLE}
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
  const lines = results.map(
    ({target: name, unicode, verdict, summary}, i) =>
      html`<li class="${verdict}"><a href="#target-${i + 1}"><bdi>${bothForms(name, unicode)}</bdi></a> <span class="verdict">${VERDICT[verdict]}</span><br><span class="faint">${summary}</span></li>`,
  )
  return html`<ol class="overview">${lines}</ol>`
}

function target(result: ProbeResult, index: number, today: number): Markup {
  const {verdict, summary, elapsed, hosts} = result
  return html`<article class="${verdict}" id="target-${index + 1}">
<p class="verdict">${VERDICT[verdict]}</p>
<h2><bdi>${bothForms(result.target, result.unicode)}</bdi></h2>
<p class="summary">${summary}</p>
<p class="faint">${circumstances(result)}; looked at for ${(elapsed / 1000).toFixed(1)} s</p>
${hosts.length > 0 ? html`<h3>Route, and outcome at each level</h3>${routeTable(result)}` : null}
${chainSection(result, today)}
${findings(result)}
</article>`
}

function findings(result: ProbeResult): Markup | null {
  const all = merged(result)
  if (all.length === 0) return null
  const items = all.map(
    ({severity, code, message, hint, section}) =>
      html`<li class="${severity}"><span class="${SHADE[severity]} strong">${severity}</span> <code>${code}</code>${section ? html` <span class="faint">${section}</span>` : null}<div>${message}</div><div class="hint">${hint}</div></li>`,
  )
  return html`<h3>Findings</h3><ul class="findings">${items}</ul>`
}

const SHADE = {error: 'bad', warning: 'warning', info: 'faint'}

function minute(time: string): string {
  return `${time.slice(0, 16).replace('T', ' ')} UTC`
}
