import type {Outcome} from '../../policy/evidence.ts'
import type {Group, Levels, PartnerDeclaration} from '../partner.ts'

/** A declaration as it is written down: what goes without saying is left out. */
export type Draft = Omit<PartnerDeclaration, 'domain' | 'group' | 'levels' | 'findings' | 'remarks'> &
  Partial<Pick<PartnerDeclaration, 'domain' | 'levels' | 'findings' | 'remarks'>>

/** Without a word to the contrary the mail goes through, and the domain is `NAME.example`. */
export function declared(group: Group, drafts: readonly Draft[]): PartnerDeclaration[] {
  return drafts.map((draft) => ({
    ...{domain: `${draft.name}.example`, group, levels: VERIFIED, findings: [], remarks: []},
    ...draft,
  }))
}

export const at = (none: Outcome, preferred: Outcome, encrypt: Outcome, secure: Outcome): Levels => ({
  none,
  preferred,
  encrypt,
  secure,
})

export const VERIFIED = at('clear', 'tls', 'tls', 'verified')
/** Encrypted, but nobody knows with whom. */
export const UNAUTHENTICATED = at('clear', 'tls', 'tls', 'refused')
/** No encryption to be had. */
export const UNENCRYPTED = at('clear', 'clear', 'refused', 'refused')
/** Nothing was learnt of its TLS, and nothing can be delivered now. */
export const UNREACHABLE = at('unreachable', 'unreachable', 'unreachable', 'unreachable')

/** What a partner is told to be: the outcomes, and the one error at `secure` that stands for them. */
type Told = Pick<PartnerDeclaration, 'levels' | 'findings'>

export const UNTRUSTED: Told = {levels: UNAUTHENTICATED, findings: ['certificate-not-trusted']}
export const OUT_OF_DATE: Told = {levels: UNAUTHENTICATED, findings: ['certificate-expired']}
export const MISNAMED: Told = {levels: UNAUTHENTICATED, findings: ['certificate-host-mismatch']}
export const NO_STARTTLS: Told = {levels: UNENCRYPTED, findings: ['starttls-not-supported']}
export const STARTTLS_REFUSED: Told = {levels: UNENCRYPTED, findings: ['starttls-refused']}
export const NO_HANDSHAKE: Told = {levels: UNENCRYPTED, findings: ['validation-failure']}
export const NOT_REACHED: Told = {levels: UNREACHABLE, findings: []}
