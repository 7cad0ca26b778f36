import {join} from 'node:path'
import {type MailRecord, readMail} from '../lab/mailbox.ts'

export interface LabMail {
  /** Messages by domain of their recipients, whoever took them. */
  domains: Record<string, number>
  /** Messages by name of the partner that took them. */
  partners: Record<string, number>
  messages: MailRecord[]
}

/** What the partners of the lab received since it started; after its end too. */
export async function labMail(labDir: string): Promise<LabMail> {
  const messages = await readMail(join(labDir, 'mail'))
  const domains: Record<string, number> = {}
  const partners: Record<string, number> = {}
  for (const {to, partner} of messages) {
    partners[partner] = (partners[partner] ?? 0) + 1
    const named = to.map((address) => address.slice(address.lastIndexOf('@') + 1).toLowerCase())
    for (const domain of new Set(named)) domains[domain] = (domains[domain] ?? 0) + 1
  }
  return {domains, partners, messages}
}
