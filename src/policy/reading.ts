import type {CertificateFacts} from '../pki/certificate.ts'
import type {AttemptEvidence, Outcome} from './evidence.ts'

/** Whether mail goes there, protected or not. */
export function passes(outcome: Outcome): boolean {
  return outcome !== 'refused' && outcome !== 'unreachable'
}

/** The leaf that a finished handshake showed; null where there was none, as on a session that was resumed. */
export function presentedLeaf({handshake}: Pick<AttemptEvidence, 'handshake'>): CertificateFacts | null {
  return handshake?.status === 'completed' ? (handshake.presented[0] ?? null) : null
}
