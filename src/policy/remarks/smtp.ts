import {printable} from '../../mail/domain.ts'
import type {AttemptEvidence, Finding, SpeechEvidence} from '../evidence.ts'
import {type FindingCode, finding} from '../findings.ts'
import {peerName} from '../problem.ts'

/** What was learnt of a peer beside the evidence of the engine. */
export interface PeerFacts {
  /** First octets of what came in answer to the ClientHello when that was no TLS. */
  nonTls: string | null
  /** Asked by hand after silence: the port answers a ClientHello. */
  answersHello: boolean
}

/** Milliseconds after which a banner is slow: no look-up of a client's name takes longer. */
const SLOW = 5_000
/** A fixed buffer that is common in clients. */
const GIANT_OCTETS = 2_048
const GIANT_LINES = 50
/** Fillers that firewalls write over a keyword: XXXXXXXA, XXXA, asterisks. */
const OVERWRITTEN = /^(X{3,}[A-Z]?|\*{4,})(\s|$)/

/** What there is to say of the way a peer speaks SMTP. */
export function smtpRemarks(attempt: AttemptEvidence, facts: PeerFacts): Finding[] {
  return [
    ...greetingRemarks(attempt, facts),
    ...(attempt.speech ? speechRemarks(attempt, attempt.speech) : []),
    ...offerRemarks(attempt),
    ...handshakeRemarks(attempt, facts),
  ]
}

function greetingRemarks(attempt: AttemptEvidence, {answersHello}: PeerFacts): Finding[] {
  const peer = peerName(attempt)
  if (attempt.reach.status === 'reached') return slowGreeting(attempt)
  const {stage, reply, reason} = attempt.reach
  if (reply !== null) return [unwelcome(peer, reply)]
  if (!/^(no answer within|the time for the whole look)/.test(reason)) return []
  if (stage === 'ehlo' && attempt.timings.handshake !== undefined)
    return [silentHandshake(peer, 'did not go through with the handshake')]
  if (stage === 'ehlo') {
    const hint = 'try again later; the partner should look for what holds sessions back behind the banner'
    return [finding('ehlo-silence', `${peer} greeted and then did not answer EHLO`, hint)]
  }
  if (stage !== 'greeting') return []
  if (answersHello) {
    const message = `${peer} says nothing at port ${attempt.port} until a TLS handshake begins`
    const hint = 'the partner has to switch the port to STARTTLS; to look at it as it is: --smtps'
    return [finding('tls-on-plain-port', message, hint)]
  }
  const hint = 'try again later; the partner should see whether a mail server stands behind the port'
  return [finding('no-greeting', `${peer} takes connections at port ${attempt.port} and sends no greeting`, hint)]
}

function unwelcome(peer: string, reply: string): Finding {
  const quoted = `${peer} answered "${printable(reply)}"`
  if (reply.startsWith('4')) {
    return finding('greeting-deferred', quoted, 'try again later: this says nothing of its TLS')
  }
  return finding('greeting-refused', quoted, 'look up in its text, or ask the partner, why this address is not welcome')
}

function slowGreeting(attempt: AttemptEvidence): Finding[] {
  const ms = attempt.timings.greeting ?? 0
  if (ms < SLOW) return []
  const message = `${peerName(attempt)} took ${(ms / 1000).toFixed(1)} s for its greeting`
  return [finding('slow-greeting', message, 'give it time (--timeout); a tarpit, or a slow look-up of our name there')]
}

function speechRemarks(attempt: AttemptEvidence, speech: SpeechEvidence): Finding[] {
  const peer = peerName(attempt)
  const {greetingLines, helloLines, helloOctets, helo, bareLineFeeds} = speech
  const found: Finding[] = []
  const add = (code: FindingCode, message: string, hint: string) => found.push(finding(code, message, hint))
  if (greetingLines > 1) add('banner-multiline', `the greeting of ${peer} has ${greetingLines} lines`, HARMLESS)
  if (attempt.banner !== null && /^220/.test(attempt.banner) && !/\bESMTP\b/i.test(attempt.banner)) {
    add('banner-without-esmtp', `the greeting of ${peer} is "${printable(attempt.banner)}", without ESMTP`, HARMLESS)
  }
  if (bareLineFeeds)
    add('bare-line-feed', `${peer} ends lines with LF alone`, 'the partner should send CRLF, and refuse a bare LF')
  if (helo)
    add('ehlo-refused', `${peer} refused EHLO and took HELO`, 'no TLS is possible without EHLO: ask the partner')
  if (helloOctets > GIANT_OCTETS || helloLines.length > GIANT_LINES) {
    const size = `${helloLines.length} lines, ${helloOctets} octets`
    add('ehlo-giant', `the answer of ${peer} to EHLO is long: ${size}`, 'the partner should offer what it needs alone')
  }
  return found
}

const HARMLESS = 'nothing has to be done: mailers cope with it'

/** Why STARTTLS is not offered, or is not to be had. */
function offerRemarks(attempt: AttemptEvidence): Finding[] {
  const {starttls, speech} = attempt
  const peer = peerName(attempt)
  const overwritten = speech?.helloLines.find((line) => OVERWRITTEN.test(line)) ?? starredBanner(attempt)
  const found: Finding[] = []
  if (overwritten !== undefined && starttls.advertised !== true) {
    const message = `${peer} answers with "${printable(overwritten, 60)}": a firewall on the way overwrites the offer of STARTTLS`
    const hint =
      'switch off SMTP inspection (Cisco: fixup smtp, inspect esmtp) in the firewall here, or ask the partner to'
    found.push(finding('starttls-stripped', message, hint))
  }
  if (starttls.unoffered?.startsWith('220')) {
    const message = `${peer} does not offer STARTTLS and answers it with "${printable(starttls.unoffered)}"`
    found.push(
      finding(
        'starttls-hidden',
        message,
        'ask the partner to offer it; a firewall that hides the line can be the cause',
      ),
    )
  }
  if (starttls.reply?.startsWith('4')) {
    const message = `${peer} refuses STARTTLS for the moment: "${printable(starttls.reply)}"`
    found.push(
      finding(
        'starttls-temporarily-refused',
        message,
        'try again later; the partner should see whether its key can be read',
      ),
    )
  }
  return found
}

/** `220 *****2***` is what the same firewalls make of a greeting. */
function starredBanner({banner}: AttemptEvidence): string | undefined {
  return banner !== null && /^220[ -][*\d ]*\*{6,}[*\d ]*$/.test(banner) ? banner : undefined
}

function silentHandshake(peer: string, how: string): Finding {
  const message = `${peer} said 220 to STARTTLS and ${how}`
  const hint = 'a filter on the way may swallow the ClientHello: try from another network'
  return finding('handshake-silence', message, hint)
}

function handshakeRemarks(attempt: AttemptEvidence, {nonTls}: PeerFacts): Finding[] {
  const {handshake, mode, port} = attempt
  if (handshake?.status !== 'failed') return []
  const peer = peerName(attempt)
  if (handshake.code === 'timeout' && mode === 'starttls')
    return [silentHandshake(peer, 'nothing to the handshake that followed')]
  if (nonTls === null || !/^[2-5]\d\d[ -]/.test(nonTls)) return []
  const said = `"${printable(nonTls.split(/\r?\n/)[0] ?? '', 80)}"`
  if (mode === 'implicit') {
    const message = `port ${port} of ${peer} speaks SMTP in clear text: it answered the handshake with ${said}`
    return [
      finding('plain-smtp-on-tls-port', message, 'look at it without --smtps; the partner has to switch on TLS there'),
    ]
  }
  const hint = 'the partner has to see which part of its mail system answers STARTTLS'
  return [finding('smtp-in-place-of-tls', `${peer} answered the TLS handshake with ${said}`, hint)]
}
