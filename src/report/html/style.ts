import {html} from './markup.ts'

/** The whole look of the page: no other file is asked for. Colours say nothing that a word does not say too. */
export const STYLE = html`<style>
:root {
  color-scheme: light dark;
  --page: #f6f7f9; --card: #fff; --ink: #1c2128; --faint: #57606a; --line: #d0d7de; --track: #e3e7ec;
  --good: #1a7f37; --warning: #8a5a00; --bad: #c3202c; --today: #0757c0;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #0f141a; --card: #171d25; --ink: #e6edf3; --faint: #9aa6b2; --line: #36404b; --track: #2a333d;
    --good: #46c35f; --warning: #dda02f; --bad: #ff6b64; --today: #6cb0ff;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0 auto; padding: 1rem; max-width: 66rem; background: var(--page); color: var(--ink);
  font: 1rem/1.5 system-ui, -apple-system, "Segoe UI", "DejaVu Sans", sans-serif; overflow-wrap: anywhere;
}
h1 { font-size: 1.4rem; margin: .5rem 0 0; }
h2 { font-size: 1.3rem; line-height: 1.3; margin: 0; }
h3 { font-size: 1rem; margin: 1.5rem 0 .5rem; }
p { margin: .4rem 0; }
code, pre { font: .85rem/1.45 ui-monospace, "DejaVu Sans Mono", monospace; }
pre { white-space: pre-wrap; margin: .4rem 0; padding: .5rem .7rem; background: var(--page); border-radius: .4rem; }
article { background: var(--card); border: 1px solid var(--line); border-left: .4rem solid var(--faint);
  border-radius: .5rem; padding: 1.1rem; margin: 1rem 0; }
article.pass { border-left-color: var(--good); }
article.fail { border-left-color: var(--bad); }
article.undetermined { border-left-color: var(--warning); }
.verdict { font-weight: 700; margin: 0 0 .2rem; }
.pass .verdict, .good { color: var(--good); }
.fail .verdict, .bad { color: var(--bad); }
.undetermined .verdict, .warning { color: var(--warning); }
.strong { font-weight: 700; }
.summary { font-size: 1.05rem; }
.faint, footer { color: var(--faint); font-size: .9rem; }
.overview { list-style: none; padding: 0; margin: 1rem 0; }
.overview li { padding: .35rem 0; border-top: 1px solid var(--line); }
.overview a { color: inherit; font-weight: 600; }
table { width: 100%; table-layout: fixed; border-collapse: collapse; font-size: .95rem; }
th, td { text-align: left; vertical-align: top; padding: .35rem .6rem .35rem 0; font-weight: 400; }
thead th:first-child { width: 40%; }
thead th { color: var(--faint); font-size: .85rem; }
tbody { border-top: 1px solid var(--line); }
tbody .host { font-weight: 600; padding-bottom: 0; }
td.level { white-space: nowrap; }
td.notes { padding: 0 0 .6rem; }
.chains { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 21rem), 1fr)); gap: 1.2rem; }
figure { margin: 0; }
figcaption { font-size: .9rem; margin-bottom: .5rem; }
figure > svg { display: block; width: 100%; max-width: 27rem; height: auto; }
figure ul { margin: .5rem 0; padding-left: 1.1rem; font-size: .85rem; }
svg text { fill: var(--ink); font: 11.5px system-ui, -apple-system, "Segoe UI", "DejaVu Sans", sans-serif; }
svg .name { font-weight: 700; font-size: 13px; }
svg .small { fill: var(--faint); font-size: 11px; }
svg .mono { font: 9.5px ui-monospace, "DejaVu Sans Mono", monospace; fill: var(--faint); }
svg .box { fill: var(--page); stroke: var(--line); }
svg .anchor { stroke: var(--good); stroke-width: 2; }
svg .missing { fill: none; stroke: var(--bad); stroke-width: 2; stroke-dasharray: 6 4; }
svg .link { stroke: var(--faint); stroke-width: 1.5; fill: none; }
svg .broken { stroke: var(--bad); stroke-width: 2; stroke-dasharray: 4 4; }
svg .track { fill: var(--track); }
svg .bar-good { fill: var(--good); } svg .bar-warning { fill: var(--warning); } svg .bar-bad { fill: var(--bad); }
svg text.good { fill: var(--good); } svg text.warning { fill: var(--warning); } svg text.bad { fill: var(--bad); }
svg .today { stroke: var(--today); stroke-width: 2; } svg text.today-word { fill: var(--today); font-size: 10px; }
.findings { list-style: none; margin: 0; padding: 0; }
.findings li { padding: .5rem 0 .5rem .8rem; border-left: .2rem solid var(--line); margin: .5rem 0; }
.findings li.error { border-left-color: var(--bad); } .findings li.warning { border-left-color: var(--warning); color: inherit; }
.hint::before { content: "→ "; color: var(--faint); }
@media (max-width: 38rem) {
  body { padding: .6rem; }
  article { padding: .8rem; }
  thead { position: absolute; clip-path: inset(50%); width: 1px; height: 1px; overflow: hidden; }
  tbody tr { display: grid; grid-template-columns: 1fr 1fr; }
  tbody th, td.notes { grid-column: 1 / -1; }
  td.level { padding: .1rem 0; }
  td.level::before { content: attr(data-level) " "; color: var(--faint); font-weight: 400; font-size: .85rem; }
}
@media print {
  :root {
    color-scheme: light;
    --page: #fff; --card: #fff; --ink: #000; --faint: #444; --line: #999; --track: #ddd;
    --good: #146c2e; --warning: #7a4f00; --bad: #b01722; --today: #0757c0;
  }
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  body { max-width: none; padding: 0; font-size: 10pt; }
  figure, .findings li, tbody { break-inside: avoid; }
  h2, h3 { break-after: avoid; }
}
</style>`
