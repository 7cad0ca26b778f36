import type {Finding} from './evidence.ts'
import {finding} from './findings.ts'
import type {Profile, SubjectCheck} from './profile.ts'
import {effectiveSubject, formatSubjectCheck} from './subject.ts'

/** What is wrong, or weaker than it looks, in a profile. Errors are for refusing it, the rest for saying so. */
export function lintProfile(profile: Profile): Finding[] {
  return [...minimums(profile), ...trust(profile), ...standards(profile), ...subjects(profile)]
}

function minimums({name, minTls, minStrength}: Profile): Finding[] {
  const found: Finding[] = []
  // RFC 9325 §4.1, RFC 8446: the ciphers of TLS range from 112 bits that may be used to 256.
  if (!(minStrength >= 112)) {
    const message = `profile ${name} allows ciphers of ${minStrength} bits; fewer than 112 can be broken (RFC 9325 §4.1)`
    found.push(finding('min-strength-too-low', message, 'use --min-strength 128'))
  }
  if (minStrength > 256) {
    const message = `profile ${name} asks for ${minStrength} bits; no cipher of TLS has more than 256`
    found.push(finding('min-strength-unattainable', message, 'use --min-strength 256'))
  }
  if (!(Number(minTls) >= 1.2)) {
    const message = `profile ${name} allows TLS ${minTls}; below 1.2 it must not be used (RFC 8996)`
    found.push(finding('min-tls-too-low', message, 'use --min-tls 1.2 or 1.3'))
  }
  return found
}

function trust({name, trust, ca}: Profile): Finding[] {
  if (trust !== 'imported' || ca.length > 0) return []
  const message = `profile ${name} names no CA and trusts every imported one: the CA of each partner vouches for all others`
  return [finding('no-trust-anchor', message, `name the partner's own: postern profile set ${name} --ca CA`)]
}

function standards({name, level, dane, mtaSts}: Profile): Finding[] {
  const demanded = [dane === 'mandatory' && 'DANE', mtaSts === 'mandatory' && 'MTA-STS'].filter(Boolean).join(' and ')
  if (demanded === '') return []
  const asked = [dane === 'mandatory' && '--dane opportunistic', mtaSts === 'mandatory' && '--mta-sts opportunistic']
  const flags = asked.filter(Boolean).join(' ')
  if (level === 'none') {
    const message = `profile ${name} demands ${demanded} and switches TLS off: every host is refused`
    return [finding('mandatory-without-tls', message, 'use level preferred or higher')]
  }
  const message = `profile ${name} demands ${demanded}; this version cannot look it up yet, so that no mail passes under it`
  return [finding('mandatory-not-looked-up', message, `until then: postern profile set ${name} ${flags}`)]
}

function subjects(profile: Profile): Finding[] {
  return effectiveSubject(profile.subject).flatMap((check) => subjectFinding(profile, check) ?? [])
}

function subjectFinding({name, level, trust}: Profile, check: SubjectCheck): Finding | null {
  if (check.kind === 'contains') {
    const message = `${formatSubjectCheck(check)} in profile ${name} is met by ${spoofOf(check.value)}, which anybody can own`
    return finding('subject-contains', message, 'use domain, exact:NAME or wildcard:PATTERN')
  }
  if (check.kind === 'wildcard' && !/\.[^.*?]+\.[^.*?]+$/.test(`.${check.value}`)) {
    const message = `${formatSubjectCheck(check)} in profile ${name} covers names that anybody can register`
    return finding('subject-wildcard-wide', message, 'put the partner’s whole domain behind the wildcard')
  }
  if (level !== 'secure') return null
  if (check.kind === 'any') {
    const whose = trust === 'imported' ? 'of its CAs' : 'of any public CA'
    return finding(
      'subject-any',
      `profile ${name} takes a certificate ${whose} whoever it names`,
      'use mx, domain or exact:NAME',
    )
  }
  if (check.kind !== 'mx') return null
  const message = `profile ${name} checks the MX host name, which comes from DNS that may not be authenticated`
  return finding('mx-name-unauthenticated', message, 'use --subject domain or --subject exact:NAME to pin the name')
}

/** A name of somebody else's domain that a substring check lets pass. */
export function spoofOf(text: string): string {
  const head = text.startsWith('.') ? 'mx' : ''
  const tail = text.endsWith('.') ? 'attacker.net' : '.attacker.net'
  return `${head}${text}${tail}`
}
