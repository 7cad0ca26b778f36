import {printable} from '../../mail/domain.ts'
import type {ChainDefect, DefectKind} from '../../pki/defects.ts'
import type {AttemptEvidence, Finding} from '../evidence.ts'
import {type FindingCode, finding} from '../findings.ts'
import {peerName} from '../problem.ts'

/**
 * What there is to say of a chain beside the judge's word: each defect, where it lies, whose fault it is, what to do.
 * `domain`: the one that was asked for.
 */
export function chainRemarks(attempt: AttemptEvidence, domain: string, defects: readonly ChainDefect[]): Finding[] {
  return defects.map((defect) => {
    const [code, message, hint] = WORDS[defect.kind](new Words(attempt, domain, defect))
    return finding(code, message, hint)
  })
}

/** The pieces that the sentences are made of. */
class Words {
  readonly peer: string
  readonly detail: string
  readonly subject: string
  /** `the leaf (depth 0) CN=mx1.example.mil`. */
  readonly where: string
  readonly isOurs: boolean

  /** What to type to learn which certificates are wanted. */
  readonly suggest: string

  constructor(attempt: AttemptEvidence, domain: string, {depth, role, subject, detail}: ChainDefect) {
    this.peer = peerName(attempt)
    this.suggest = `postern ca suggest ${printable(domain)}`
    this.detail = printable(detail)
    this.subject = printable(subject)
    this.where = `the ${role} (depth ${depth}) ${printable(subject)}`
    this.isOurs = role === 'trust anchor' || role === 'root'
  }

  get renewal(): string {
    return this.isOurs ? "import the CA's current certificate: postern ca import FILE" : 'the partner has to renew it'
  }
}

type Said = [FindingCode, message: string, hint: string]

const REISSUE = 'the partner needs a certificate that its CA issues anew'

const WORDS: Record<DefectKind, (words: Words) => Said> = {
  'wrong-order': ({peer}) => [
    'chain-wrong-order',
    `${peer} sends its chain in the wrong order`,
    'the partner should sort the file: the leaf first, then each issuer',
  ],
  'unrelated-certificate': ({peer, detail}) => [
    'chain-unrelated-certificate',
    `${peer} sends more than its chain: ${detail}`,
    'the partner can leave them out of the file',
  ],
  'root-sent': ({peer, detail}) => [
    'chain-root-sent',
    `${peer} sends the root ${detail} too`,
    'the partner can leave it out of the file',
  ],
  'missing-intermediate': ({peer, where, detail, suggest}) => [
    'chain-missing-intermediate',
    `${peer} does not send its intermediate ${detail}, which issued ${where}`,
    `the partner has to add it to the file; what to import until then: ${suggest}`,
  ],
  'unknown-root': ({peer, detail, suggest}) => [
    'chain-unknown-root',
    `the chain of ${peer} leads to ${detail}, which is not among the trust anchors`,
    `if you trust it, import it; ${suggest} tells how`,
  ],
  'missing-issuer': ({peer, where, detail, suggest}) => [
    'chain-missing-issuer',
    `${detail}, which issued ${where}, is neither sent by ${peer} nor trusted here`,
    `if it is a root, import it; if not, the partner has to send it: ${suggest}`,
  ],
  'self-signed-leaf': ({peer, subject}) => [
    'chain-self-signed-leaf',
    `the certificate of ${peer}, ${subject}, signed itself`,
    'the partner needs a certificate from a CA',
  ],
  'same-name-other-key': ({where, detail}) => [
    'chain-same-name-other-key',
    `${where} was not signed by the ${detail} that is at hand, which has another key`,
    'ask the partner whether that CA has a new key; if it has not, somebody uses its name',
  ],
  'bad-signature': ({where, detail}) => [
    'chain-signature-wrong',
    `the signature of ${where} does not fit the key of ${detail}, which it names as its issuer`,
    'do not trust it; the partner should install what its CA issued, octet for octet',
  ],
  expired: ({where, detail, renewal}) => ['chain-expired', `${where} expired on ${detail}`, renewal],
  'not-yet-valid': ({where, detail}) => [
    'chain-not-yet-valid',
    `${where} is not valid before ${detail}`,
    'see whether the clock here is right; if it is, the partner installed it too early',
  ],
  'not-a-ca': ({where}) => [
    'chain-not-a-ca',
    `${where} issued a certificate and is no CA`,
    'do not trust it; the partner needs a certificate from a CA',
  ],
  'path-length': ({where, detail}) => [
    'chain-path-length',
    `too many intermediates below ${where}: it ${detail}`,
    REISSUE,
  ],
  'name-constraints': ({where, detail}) => ['chain-name-constraints', `${where} may not issue for ${detail}`, REISSUE],
  'extended-key-usage': ({where, detail}) => [
    'chain-extended-key-usage',
    `${where} is made for ${detail}, not for TLS servers`,
    REISSUE,
  ],
  'key-weak': ({where, detail}) => [
    'key-weak',
    `${where} has a key that is too short: ${detail}`,
    'the partner needs a new key: RSA of 2048 bits or more, or EC of 256',
  ],
  'signature-weak': ({where, detail}) => [
    'signature-weak',
    `${where} is signed with ${detail}`,
    'its CA has to issue it anew, with SHA-256',
  ],
}
