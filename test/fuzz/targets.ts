import type {TargetOpener} from './target.ts'
import {addresses} from './targets/address.ts'
import {dns} from './targets/dns.ts'
import {extensions} from './targets/extensions.ts'
import {receiving} from './targets/receiving.ts'
import {receivingTls} from './targets/receiving-tls.ts'
import {replies} from './targets/reply.ts'

/** Every target by its name, which is also that of its folder in the corpus. */
export const TARGETS: ReadonlyMap<string, TargetOpener> = new Map<string, TargetOpener>([
  ['receiving', receiving],
  ['receiving-tls', receivingTls],
  ['reply', replies],
  ['extensions', extensions],
  ['address', addresses],
  ['dns', dns],
])
