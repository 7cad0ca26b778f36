import {CHAIN} from './catalogue/chain.ts'
import {DNS} from './catalogue/dns.ts'
import {declared} from './catalogue/draft.ts'
import {KEYS} from './catalogue/keys.ts'
import {NAMES} from './catalogue/names.ts'
import {REVOCATION} from './catalogue/revocation.ts'
import {ROUTE} from './catalogue/route.ts'
import {SMTP} from './catalogue/smtp.ts'
import {STORY} from './catalogue/story.ts'
import {TLS} from './catalogue/tls.ts'
import {TRANSACTION} from './catalogue/transaction.ts'
import {VALIDITY} from './catalogue/validity.ts'
import type {PartnerDeclaration} from './partner.ts'

/** Every partner the lab has, in the order in which they are shown: the story first, then trouble by kind. */
export const CATALOGUE: readonly PartnerDeclaration[] = [
  ...declared('story', STORY),
  ...declared('chain', CHAIN),
  ...declared('names', NAMES),
  ...declared('validity', VALIDITY),
  ...declared('keys', KEYS),
  ...declared('revocation', REVOCATION),
  ...declared('tls', TLS),
  ...declared('smtp', SMTP),
  ...declared('transaction', TRANSACTION),
  ...declared('dns', DNS),
  ...declared('route', ROUTE),
]

const PLACES = new Map<PartnerDeclaration, number>()
for (const [i, one] of CATALOGUE.entries()) {
  const before = CATALOGUE[i - 1]
  PLACES.set(one, before ? PLACES.get(before)! + 1 + (before.others?.length ?? 0) : 0)
}

/** Which of the lab's addresses is its first, the same in every lab. */
export function placeOf(declaration: PartnerDeclaration): number {
  return PLACES.get(declaration)!
}
