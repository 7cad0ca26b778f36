import {type MailAddress, mailDomainText} from '../mail/address.ts'
import type {RelaySnapshot} from './snapshot.ts'

type Host = Pick<RelaySnapshot, 'hostname' | 'postmaster'>

/** The postmaster of this host, with its name or (RFC 5321 §4.5.1) without any, which the session completed. */
export function isOwnPostmaster({localPart, domain}: MailAddress, {hostname}: Host): boolean {
  return /^postmaster$/i.test(localPart) && mailDomainText(domain) === hostname.toLowerCase()
}

/** Where mail for this recipient goes: nobody has a mailbox on this host, its postmaster reads mail elsewhere. */
export function readerOf(recipient: MailAddress, host: Host): MailAddress {
  return isOwnPostmaster(recipient, host) ? host.postmaster : recipient
}
