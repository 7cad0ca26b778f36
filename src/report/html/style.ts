/** The whole look of the page: no other file is asked for. Colours say nothing that a word does not say too. */
export const STYLE = `
:root {
  color-scheme: light dark;
  --page: #f6f7f9; --card: #fff; --ink: #1c2128; --faint: #57606a; --line: #d0d7de; --track: #e3e7ec;
  --good: #1a7f37; --warning: #8a5a00; --bad: #c3202c; --today: #0757c0; --link: #9aa4af;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #0f141a; --card: #171d25; --ink: #e6edf3; --faint: #9aa6b2; --line: #36404b; --track: #2a333d;
    --good: #46c35f; --warning: #dda02f; --bad: #ff6b64; --today: #6cb0ff; --link: #5c6875;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0 auto; padding: 1rem; max-width: 66rem; background: var(--page); color: var(--ink);
  font: 1rem/1.5 system-ui, -apple-system, "Segoe UI", "DejaVu Sans", sans-serif; overflow-wrap: anywhere;
}
h1 { font-size: 1.5rem; line-height: 1.25; margin: .5rem 0 0; }
h2 { font-size: 1.35rem; line-height: 1.3; margin: 0; }
h3 { font-size: 1rem; margin: 1.6rem 0 .5rem; }
p { margin: .4rem 0; }
code, pre { font: .85rem/1.45 ui-monospace, "DejaVu Sans Mono", monospace; }
pre { white-space: pre-wrap; margin: 0; padding: .5rem .7rem; background: var(--page); border-radius: .4rem; }
article { background: var(--card); border: 1px solid var(--line); border-top: .3rem solid var(--faint);
  border-radius: .5rem; padding: 1.3rem; margin: 1.5rem 0; }
article.pass { border-top-color: var(--good); }
article.fail { border-top-color: var(--bad); }
article.undetermined { border-top-color: var(--warning); }
.verdict { display: inline-block; font-weight: 700; white-space: nowrap; border: 1px solid; border-radius: 1rem; padding: 0 .7em; }
.pass .verdict, .good { color: var(--good); }
.fail .verdict, .bad { color: var(--bad); }
.undetermined .verdict, .warning { color: var(--warning); }
.strong { font-weight: 700; }
.headline { font-size: 1.1rem; }
.faint, footer, small { color: var(--faint); font-size: .9rem; }
small { font-size: .8rem; }
.tally, .overview, .findings { list-style: none; padding: 0; margin: 1rem 0; }
.tally { display: flex; flex-wrap: wrap; gap: .5rem 1.5rem; }
.overview li { display: grid; grid-template-columns: 10.5rem 1fr; align-items: start; padding: .5rem 0; border-top: 1px solid var(--line); }
.overview .verdict { justify-self: start; font-size: .85rem; }
.overview a { color: inherit; font-weight: 600; }
.levels { display: grid; grid-template-columns: repeat(4, minmax(0, 1fr)); gap: .4rem; margin: 0; }
.levels div { padding: .3rem .6rem; border-radius: .4rem; border: 1px solid var(--line); background: var(--page); color: var(--faint); }
.levels dt { font-size: .75rem; color: var(--faint); }
.levels dd { margin: 0; font-weight: 600; }
.levels small { display: block; font-weight: 400; }
.levels .verified dd { color: var(--good); } .levels .tls dd, .levels .unreachable dd { color: var(--warning); }
.levels .clear dd, .levels .refused dd { color: var(--bad); }
.levels .in-force { border: 2px solid currentColor; } .levels .in-force dt::after { content: " · in force"; }
.levels .in-force.verified { color: var(--good); } .levels .in-force.tls { color: var(--warning); }
.levels .in-force.refused, .levels .in-force.clear { color: var(--bad); }
.route, .route ul { list-style: none; margin: 0; padding: 0; }
.route li { position: relative; display: flex; align-items: center; }
.route ul { position: relative; flex: 1 1 0; min-width: 0; margin-left: 1.4rem; }
.route ul::before { content: ""; position: absolute; left: -1.4rem; width: 1.4rem; top: calc(50% - 1px); border-top: 2px solid var(--link); }
.route ul > li { padding: .35rem 0 .35rem 1.4rem; }
.route ul > li::before { content: ""; position: absolute; left: 0; width: 1.4rem; top: calc(50% - 1px); border-top: 2px solid var(--link); }
.route ul > li.broken::before { border-top: 2px dashed var(--bad); }
.route ul > li::after { content: ""; position: absolute; left: 0; top: 0; bottom: 0; border-left: 2px solid var(--link); }
.route ul > li:first-child::after { top: 50%; } .route ul > li:last-child::after { bottom: 50%; }
.route ul > li:only-child::after { content: none; }
.node { border: 1px solid var(--line); border-radius: .5rem; background: var(--page); padding: .5rem .7rem; }
.node.domain, .node.host { flex: 0 1 auto; max-width: 17rem; font-weight: 600; }
.node.host small { display: block; font-weight: 400; }
.node.address { flex: 1; min-width: 0; container-type: inline-size; } .node.address code { display: block; margin-bottom: .3rem; }
.node .levels div { background: var(--card); padding: .1rem .4rem; font-size: .82rem; }
.node .levels .in-force dt::after { content: none; }
.levels dd { overflow-wrap: normal; }
@container (max-width: 25rem) { .node .levels { grid-template-columns: 1fr 1fr; } }
.node.missing { border: 2px dashed var(--bad); color: var(--bad); background: none; }
table { width: 100%; border-collapse: collapse; font-size: .9rem; }
th, td { text-align: left; vertical-align: top; padding: .3rem .8rem .3rem 0; border-top: 1px solid var(--line); font-weight: 400; }
.facts th { width: 11rem; color: var(--faint); }
details { border-top: 1px solid var(--line); padding: .5rem 0; }
summary { cursor: pointer; } details[open] summary { margin-bottom: .5rem; }
.aside { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
.chains { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 21rem), 1fr)); gap: 1.2rem; }
figure { margin: 0; }
figcaption { font-size: .9rem; margin-bottom: .5rem; }
@media (min-width: 60rem) {
  figure:only-child { display: grid; grid-template-columns: 27rem 1fr; column-gap: 2rem; align-items: start; }
  figure:only-child figcaption { grid-column: 1 / -1; }
}
figure > svg { display: block; width: 100%; max-width: 27rem; height: auto; }
figure details { border: 0; font-size: .85rem; } figure ul { margin: .3rem 0; padding-left: 1.1rem; } figure li { margin: .3rem 0; }
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
.findings li { padding: .5rem 0 .5rem .8rem; border-left: .2rem solid var(--line); margin: .5rem 0; }
.findings li.error { border-left-color: var(--bad); } .findings li.warning { border-left-color: var(--warning); color: inherit; }
.hint::before { content: "→ "; color: var(--faint); }
@media (max-width: 48rem) {
  body { padding: .6rem; }
  article { padding: .9rem; }
  .overview li { grid-template-columns: 1fr; gap: .3rem; }
  .levels { grid-template-columns: 1fr 1fr; }
  .route li { display: block; }
  .route ul { margin-left: .8rem; }
  .route ul::before { content: none; }
  .route ul > li { padding: .5rem 0 0 1.1rem; }
  .route ul > li::before { top: 1.7rem; width: 1.1rem; }
  .route ul > li:first-child::after { top: 0; } .route ul > li:last-child::after { bottom: auto; height: 1.7rem; }
  .route ul > li:only-child::after { content: ""; }
  .node.domain, .node.host { max-width: none; }
  .facts tr { display: block; border-top: 1px solid var(--line); padding: .3rem 0; }
  .facts th, .facts td { display: block; width: auto; border: 0; padding: 0; }
}
@media print {
  :root {
    color-scheme: light;
    --page: #fff; --card: #fff; --ink: #000; --faint: #444; --line: #999; --track: #ddd;
    --good: #146c2e; --warning: #7a4f00; --bad: #b01722; --today: #0757c0; --link: #777;
  }
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  body { max-width: none; padding: 0; font-size: 10pt; }
  figure, .findings li, .node, tr { break-inside: avoid; }
  details::details-content { content-visibility: visible; block-size: auto; }
  h2, h3 { break-after: avoid; }
}
`
