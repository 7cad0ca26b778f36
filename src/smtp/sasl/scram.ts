import {hash, randomBytes, timingSafeEqual} from 'node:crypto'
import {type Credential, hmac} from './credential.ts'
import {denied, EMPTY, malformed, type SaslExchange, type SaslSituation} from './exchange.ts'
import {type ClientFinal, type ClientFirst, parseClientFinal, parseClientFirst} from './scram-messages.ts'
import {findCredential} from './users.ts'

/** SCRAM-SHA-256 (RFC 5802, RFC 7677): the password itself is never sent. */
export function scram(situation: SaslSituation): SaslExchange {
  return exchange(situation, false)
}

/** SCRAM-SHA-256-PLUS: the proof holds for this TLS session alone, so that nobody in the middle can pass it on. */
export function scramPlus(situation: SaslSituation): SaslExchange {
  return exchange(situation, true)
}

async function* exchange({users, channelBinding}: SaslSituation, plus: boolean): SaslExchange {
  const first = parseClientFirst(yield EMPTY)
  if (!first) return malformed('no client-first-message of SCRAM')
  const {user} = first
  const unbound = wrongBinding(first, plus, channelBinding)
  if (unbound) return denied(user, unbound)
  if (first.actFor !== null && first.actFor !== user) return denied(user, 'it wants to act for another user')
  const {credential, known} = findCredential(users, user)
  const nonce = first.nonce + randomBytes(18).toString('base64')
  const serverFirst = `r=${nonce},s=${credential.salt.toString('base64')},i=${credential.iterations}`
  const final = parseClientFinal(yield Buffer.from(serverFirst))
  if (!final) return malformed('no client-final-message of SCRAM', user)
  if (final.nonce !== nonce) return denied(user, 'the nonce is not the one of this exchange')
  const bound = Buffer.concat([Buffer.from(first.header), plus && channelBinding ? channelBinding : EMPTY])
  if (!final.binding.equals(bound)) return denied(user, 'the channel binding is not the one of this session')
  const signed = `${first.bare},${serverFirst},${final.withoutProof}`
  if (!isProof(credential, final, signed)) return denied(user, known ? 'wrong password' : 'there is no such user')
  if (!known) return denied(user, 'there is no such user')
  // RFC 4954 §4: a reply 235 carries no data, so that our own proof is one more challenge, answered with nothing.
  const signature = hmac(credential.serverKey, signed).toString('base64')
  const acknowledged = yield Buffer.from(`v=${signature}`)
  return acknowledged.length === 0 ? {user} : malformed('the server signature is answered with nothing', user)
}

/** RFC 5802 §6: who says that we know of no channel binding, where we offer it, was told so by somebody else. */
function wrongBinding({binding}: ClientFirst, plus: boolean, channelBinding: Buffer | null): string | null {
  if (!plus) {
    if (binding === 'n') return null
    if (binding === 'y') return channelBinding ? 'somebody hid SCRAM-SHA-256-PLUS from the client' : null
    return 'channel binding belongs to SCRAM-SHA-256-PLUS'
  }
  if (typeof binding === 'string') return 'SCRAM-SHA-256-PLUS without channel binding'
  return binding.type === 'tls-exporter' ? null : 'a channel binding other than tls-exporter'
}

/** RFC 5802 §3: the proof xored with the client signature gives the client key, whose hash is stored. */
function isProof({storedKey}: Credential, {proof}: ClientFinal, signed: string): boolean {
  const signature = hmac(storedKey, signed)
  if (proof.length !== signature.length) return false
  const clientKey = Buffer.from(proof.map((octet, i) => octet ^ signature[i]!))
  return timingSafeEqual(hash('sha256', clientKey, 'buffer'), storedKey)
}
