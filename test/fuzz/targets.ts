import type {TargetOpener} from './target.ts'
import {addresses} from './targets/address.ts'
import {dns} from './targets/dns.ts'
import {dsn} from './targets/dsn.ts'
import {extensions} from './targets/extensions.ts'
import {bundleFile, caFile, policyFile, profileFile, relayFile, targetList, usersFile} from './targets/files.ts'
import {handshake, hello} from './targets/handshake.ts'
import {certificate, container, der, ocsp} from './targets/pki.ts'
import {receiving} from './targets/receiving.ts'
import {receivingTls} from './targets/receiving-tls.ts'
import {replies} from './targets/reply.ts'
import {baselineFile, segment} from './targets/segment.ts'

/** Every target by its name, which is also that of its folder in the corpus. */
export const TARGETS: ReadonlyMap<string, TargetOpener> = new Map<string, TargetOpener>([
  ['receiving', receiving],
  ['receiving-tls', receivingTls],
  ['reply', replies],
  ['extensions', extensions],
  ['address', addresses],
  ['dns', dns],
  ['handshake', handshake],
  ['hello', hello],
  ['der', der],
  ['certificate', certificate],
  ['ocsp', ocsp],
  ['container', container],
  ['relay-yaml', relayFile],
  ['policy-yaml', policyFile],
  ['profile-yaml', profileFile],
  ['users-yaml', usersFile],
  ['bundle', bundleFile],
  ['ca', caFile],
  ['segment', segment],
  ['baseline', baselineFile],
  ['target-list', targetList],
  ['dsn', dsn],
])
