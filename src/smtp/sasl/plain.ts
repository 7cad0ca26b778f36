import {isUtf8} from 'node:buffer'
import {isPassword} from './credential.ts'
import {denied, EMPTY, malformed, type SaslExchange, type SaslOutcome, type SaslSituation} from './exchange.ts'
import {findCredential} from './users.ts'

/** PLAIN (RFC 4616): `[authzid] NUL authcid NUL passwd`. */
export async function* plain({users}: SaslSituation): SaslExchange {
  const message = yield EMPTY
  const [asWhom, user, password, ...more] = isUtf8(message) ? message.toString('utf8').split('\0') : []
  if (!user || !password || more.length > 0) return malformed('the PLAIN message has not its three parts')
  return asWhom === '' || asWhom === user
    ? byPassword(users, user, password)
    : denied(user, 'it wants to act for another user')
}

/** LOGIN, which was never more than a draft: clients read nothing out of the challenges, but some want just these. */
export async function* login({users}: SaslSituation): SaslExchange {
  const user = yield Buffer.from('Username:')
  const password = yield Buffer.from('Password:')
  if (!isUtf8(user) || !isUtf8(password)) return malformed('user name or password is not UTF-8')
  return byPassword(users, user.toString('utf8'), password.toString('utf8'))
}

async function byPassword(users: SaslSituation['users'], user: string, password: string): Promise<SaslOutcome> {
  const {credential, known} = findCredential(users, user)
  const right = await isPassword(credential, password)
  return right && known ? {user} : denied(user, known ? 'wrong password' : 'there is no such user')
}
