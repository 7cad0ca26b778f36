import {type CaSuggestion, chainName, type SuggestedCertificate, type SuggestedChain} from '../app/ca-suggest.ts'
import {opensslError} from '../pki/openssl-error.ts'
import type {Source} from '../pki/suggest.ts'
import {shellLine} from './shell-line.ts'
import {type Cell, drawFacts} from './tables.ts'

/** The chains as they are, the certificates that lack, and what to type. */
export async function suggestText({chains, certificates, fetched, commands}: CaSuggestion): Promise<string> {
  const blocks = [
    await drawFacts(chains.map((chain) => [chainName(chain), chainCell(chain)])),
    ...(await Promise.all(certificates.map((certificate) => drawFacts(factsOf(certificate))))),
    ...(fetched.length > 0 ? [await drawFacts(fetched.map(({url, error}) => [url, error ?? 'fetched']))] : []),
    ...(commands.length > 0 ? [['what to type:', ...commands.map((words) => `  ${shellLine(words)}`)].join('\n')] : []),
  ]
  return blocks.filter((block) => block !== '').join('\n\n')
}

function chainCell({trusted, summary, wouldPass, error}: SuggestedChain): Cell {
  if (trusted) return {text: 'passes as it is', as: 'good'}
  if (wouldPass) return {text: ['would pass with what follows', summary], as: 'warning'}
  if (wouldPass === null) return {text: ['passes only if what follows can be had', summary], as: 'warning'}
  const why = error === null ? summary : `${opensslError(error)}; ${summary}`
  return {text: ['no certificate would make it pass', why], as: 'bad'}
}

const ROLE = {root: 'root', intermediate: 'intermediate', unknown: 'root or intermediate'}
const FAULT = {
  peer: 'the partner has to send it',
  local: 'this side lacks it: import it if you trust it',
  unknown: 'the partner has to send it if it is an intermediate; import it if it is a root that you trust',
}

function factsOf({subject, role, fault, source, sha256, keyId, notAfter, aia, hosts}: SuggestedCertificate) {
  const facts: [string, Cell][] = [
    [ROLE[role], {text: subject, as: 'strong'}],
    ['whose fault', FAULT[fault]],
    ['at hand', sourceText(source)],
    ['SHA-256', sha256 ?? 'not known: nobody has it here'],
    ['key id', keyId ?? '-'],
    ['valid until', notAfter?.slice(0, 10) ?? '-'],
    ['published at', aia.length > 0 ? aia : '-'],
    ['needed by', hosts],
  ]
  return facts
}

function sourceText(source: Source | null): string {
  if (source === null) return 'nowhere'
  if (source === 'presented') return 'the peer sent it: have its owner confirm the fingerprint before you trust it'
  if (source === 'system') return "in the system's store: a profile with --trust both finds it there"
  if ('ca' in source) return `in the imported CA ${source.ca}: a profile that names it finds it there`
  return `fetched from ${source.url}: have its owner confirm the fingerprint before you trust it`
}
