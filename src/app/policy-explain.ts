import {isIP} from 'node:net'
import {MailAddress, parseMailDomain} from '../mail/address.ts'
import {printable} from '../mail/domain.ts'
import {Exit, PosternError} from '../mail/error.ts'
import {type Explanation, explainPolicy as explain} from '../policy/explain.ts'
import type {MatchInput} from '../policy/match.ts'
import {loadConfiguration} from '../state/load.ts'
import type {AppWorld} from './world.ts'

/** One mail, as far as it is known. What is absent cannot satisfy a rule that asks for it. */
export interface ExplainRequest {
  /** An address, or a domain. */
  recipient: string
  /** '' or `<>` is the null sender. */
  sender?: string | undefined
  /** The address that would be dialled. */
  destination?: string | undefined
  /** The address of the client that hands the mail over: explains the receiving rules instead. */
  client?: string | undefined
}

export type PolicyExplanation = Explanation & {input: MatchInput; revision: string}

/** What would happen to this mail, and why. Nobody is dialled. Throws `address-invalid` (64). */
export async function explainPolicy(
  {configDir}: Pick<AppWorld, 'configDir'>,
  request: ExplainRequest,
): Promise<PolicyExplanation> {
  const {rules, profiles, revision} = await loadConfiguration(configDir)
  const input = inputOf(request)
  return {input, revision, ...explain(rules, profiles, input)}
}

function inputOf({recipient, sender, destination, client}: ExplainRequest): MatchInput {
  if (!parseMailDomain(recipient)) MailAddress.parse(recipient)
  if (sender !== undefined && sender !== '' && sender !== '<>') MailAddress.parse(sender)
  for (const ip of [destination, client]) {
    if (ip !== undefined && !isIP(ip)) throw notAnAddress(ip)
  }
  const direction = client === undefined ? 'delivery' : 'receiving'
  return {direction, recipient, sender, address: destination, client}
}

function notAnAddress(text: string): PosternError {
  return new PosternError('address-invalid', `"${printable(text)}" is not an IP address`, {
    exit: Exit.usage,
    hints: ['an address looks like 192.0.2.1 or 2001:db8::1'],
  })
}
