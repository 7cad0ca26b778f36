import type {SendResult} from '../app/send-result.ts'
import {hostEndpoint} from '../mail/address.ts'
import {printable} from '../mail/domain.ts'

/** `postern send` for people: what became of it, and on which way. */
export function sendLines(result: SendResult): string[] {
  const {outcome, queue, reply, path, recipients} = result
  const first = queue === null ? `${outcome}: ${printable(reply, 500)}` : `${outcome}: ${queue}`
  const others =
    recipients.length > 1
      ? recipients.map((one) => `  ${one.address}  ${one.outcome}  ${printable(one.reason, 300)}`)
      : []
  if (queue !== null || path === null) return [first, ...others]
  const taken = path.taken
  const attempts = path.attempts.flatMap(({host, address, port, outcome: judged, findings}) => [
    `  ${hostEndpoint({host: printable(host), address, port})}  ${judged}${detail(host, address, taken)}`,
    ...findings
      .filter(({severity}) => severity !== 'info')
      .map(({message, hint}) => `    ${message}\n    hint: ${hint}`),
  ])
  return [first, ...others, ...attempts]
}

function detail(host: string, address: string, taken: NonNullable<SendResult['path']>['taken']): string {
  if (taken?.host !== host || taken.address !== address || taken.version === null) return ''
  return ` (${[taken.version, taken.cipher, taken.group].filter(Boolean).join(' ')})`
}
