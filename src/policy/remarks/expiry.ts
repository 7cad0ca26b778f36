import {printable} from '../../mail/domain.ts'
import type {CertificateFacts} from '../../pki/certificate.ts'
import type {AttemptEvidence, Finding} from '../evidence.ts'
import {finding} from '../findings.ts'
import {peerName} from '../problem.ts'

const DAY = 86_400_000

/**
 * Certificates of the chain, as presented and as built, that end within so many days of `now` (milliseconds). What has
 * ended already is for the judge to say. A certificate that both chains hold counts once.
 */
export function expiryRemarks(attempt: AttemptEvidence, options: {days: number; now: number}): Finding[] {
  if (attempt.handshake?.status !== 'completed') return []
  const {presented, built} = attempt.handshake
  const all = new Map([...presented, ...built].map((certificate) => [certificate.sha256, certificate]))
  return [...all.values()].flatMap((certificate) => {
    const left = (Date.parse(certificate.notAfter) - options.now) / DAY
    return left > 0 && left <= options.days ? [soon(attempt, certificate, presented[0], left)] : []
  })
}

function soon(
  attempt: AttemptEvidence,
  it: CertificateFacts,
  leaf: CertificateFacts | undefined,
  left: number,
): Finding {
  const which = it.sha256 === leaf?.sha256 ? 'the certificate' : `${printable(it.subject)}, in the chain`
  const days = left < 1 ? 'within a day' : `in ${Math.floor(left)} ${left < 2 ? 'day' : 'days'}`
  const message = `${which} of ${peerName(attempt)} expires ${days}, on ${it.notAfter.slice(0, 10)}`
  const hint =
    it.selfSigned && it.isCa
      ? 'import the root that follows it in time: postern ca import FILE'
      : 'ask the partner to renew it'
  return finding('certificate-expires-soon', message, hint)
}
