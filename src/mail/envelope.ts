/**
 * The words of mail: what a domain, an address, a reply and an envelope are (RFC 5321), before anybody connects
 * anywhere. Everything in this room is pure; every other room speaks in its words.
 */

import type {MailAddress} from './address.ts'

/** The reverse-path of MAIL FROM; null is the null sender `<>` (RFC 5321 §4.5.5). */
export type ReversePath = MailAddress | null

/** RFC 3461 parameters of one recipient; absent means not given. */
export interface RecipientOptions {
  /** RFC 3461 §4.1. */
  notify?: ('never' | 'success' | 'failure' | 'delay')[]
  /** RFC 3461 §4.2, xtext still encoded, as received. */
  orcpt?: string
}

/** Parameters of MAIL FROM that travel with the message. */
export interface MailOptions {
  body?: '7bit' | '8bitmime' | 'binarymime'
  smtputf8?: boolean
  /** RFC 8689. */
  requireTls?: boolean
  /** RFC 3461 §4.3. */
  ret?: 'full' | 'hdrs'
  /** RFC 3461 §4.4, xtext still encoded, as received. */
  envid?: string
}

export interface Envelope {
  reversePath: ReversePath
  options: MailOptions
  recipients: {address: MailAddress; options: RecipientOptions}[]
}
