import {Args} from '@oclif/core'
import {BaseCommand} from '../src/cli/base-command.ts'
import {findingList, findingText} from '../src/cli/finding-text.ts'
import {printable} from '../src/mail/domain.ts'
import {Exit, PosternError} from '../src/mail/error.ts'
import {explainFinding, FINDING_CODES, isFindingCode} from '../src/policy/explain-finding.ts'
import type {DocumentOf} from '../src/report/schema/documents.ts'
import {nearest} from '../src/state/suggest.ts'

export default class Finding extends BaseCommand {
  static override summary = 'explain a finding: what it means, where it comes from, what to do'
  static override description = 'Without a code: all codes, one a line. The same text is in docs/findings.md.'
  static override examples = ['<%= config.bin %> finding certificate-not-trusted', '<%= config.bin %> finding --json']
  static override args = {code: Args.string({description: 'code of a finding, as probe prints it'})}

  async run(): Promise<DocumentOf<'finding'>> {
    const {args} = await this.parse(Finding)
    const codes = args.code === undefined ? [...FINDING_CODES].sort() : [known(args.code)]
    const findings = codes.map(explainFinding)
    const [only] = findings
    this.print(args.code !== undefined && only ? findingText(only) : findingList(findings))
    return {schema: 'postern.finding/1', findings}
  }
}

function known(text: string) {
  if (isFindingCode(text)) return text
  const meant = nearest(text, FINDING_CODES)
  throw new PosternError('finding-unknown', `there is no finding ${printable(text)}`, {
    exit: Exit.usage,
    hints: [meant ? `did you mean ${meant}?` : 'postern finding lists them all'],
  })
}
