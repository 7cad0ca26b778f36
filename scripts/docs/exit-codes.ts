import {Exit} from '../../src/mail/error.ts'

const MEANING: Record<keyof typeof Exit, string> = {
  ok: 'done; the policy is met',
  no: 'answered no: a verdict fails, drift, findings',
  usage: 'unknown command, bad flag or value',
  badData: 'bad input data: not a certificate, a malformed rule',
  missing: 'a file is missing',
  noHost: 'no mail host: NXDOMAIN, null MX, or none but this relay',
  refused: 'the remote refused for good',
  bug: 'a bug in Postern',
  cannotCreate: 'cannot create a file',
  io: 'input/output error',
  tryAgain: 'could not look: DNS failure, time-out, TCP refused, a 4xx reply, state locked; try again',
  permission: 'permission: a port below 1024, a key that others can read',
  badState: 'our own state is invalid',
  interrupted: 'ended by ctrl-C (128 + SIGINT); nothing was written',
}

/** docs/exit-codes.md. */
export function exitCodePage(): string {
  const rows = Object.entries(Exit).map(
    ([name, code]) => `| ${code} | ${name} | ${MEANING[name as keyof typeof Exit]} |`,
  )
  return `# Exit codes

A contract. CI can tell 1 ("it is insecure") from 75 ("I could not look"). For several targets the worst wins: 1, then
75, 68, 69, then 0.

| code | name | meaning |
|---|---|---|
${rows.join('\n')}
`
}
