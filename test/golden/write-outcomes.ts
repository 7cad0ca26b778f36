// node test/golden/write-outcomes.ts: writes outcomes.txt anew from the law as data.
import {writeFileSync} from 'node:fs'
import {goldenRows, renderOutcomes} from './render-outcomes.ts'

writeFileSync(new URL('outcomes.txt', import.meta.url), renderOutcomes(goldenRows()))
