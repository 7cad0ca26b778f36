/**
 * The relay under load among partners of every kind, for as long as is said: `npm run soak -- [--seconds 120] [--clients 6]`.
 * Shows every few seconds what its process holds, and at the end whether memory and handles stayed flat and no message was lost.
 */
import {parseArgs} from 'node:util'
import {mib, soak} from './soak/soak.ts'
import {faults, rssSlope} from './soak/verdict.ts'

/** V8 takes more while the garbage of a busy minute waits; the heap once it is collected says whether something is held. */
const BOUNDS = {rssSlope: 15, heap: 16, fds: 4}

const {values} = parseArgs({
  options: {seconds: {type: 'string', default: '120'}, clients: {type: 'string', default: '6'}},
})
const options = {seconds: Number(values.seconds), clients: Number(values.clients), every: 5}
const soaked = await soak({...options, tell: (line) => console.log(line)})
const {lost, torn, ...account} = soaked.account
console.log(JSON.stringify({...account, lost: lost.length, torn: torn.length}))
console.log(
  `RSS at its highest ${mib(Math.max(...soaked.samples.map(({rss}) => rss)))}, slope ${rssSlope(soaked.samples).toFixed(1)} MiB a minute`,
)
const wrong = faults(soaked, BOUNDS)
console.log(wrong.length === 0 ? `all is well (bounds ${JSON.stringify(BOUNDS)})` : wrong.join('\n'))
process.exit(wrong.length === 0 ? 0 : 1)
