import type {DsnPreview} from '../app/dsn-preview.ts'
import {formatDuration} from '../state/units.ts'

/**
 * The DSNs as they would go out, each below a line that says about what and when. Of the many findings that could be
 * met, only the last one of each: a delay is told in the line.
 */
export function dsnText(previews: readonly DsnPreview[], sender: string | undefined): string {
  if (sender === '' || sender === '<>') return 'no DSN: the null sender is never sent one (RFC 5321 §6.1)'
  if (previews.length === 0) return 'no DSN: nothing keeps the mail back'
  return previews.flatMap(previewLines).join('\n')
}

function previewLines({finding, title, messages}: DsnPreview): string[] {
  const about = finding === null ? title : `${finding}: ${title}`
  const told = messages.map(
    ({action, after}) => `${action} ${after === 0 ? 'at once' : `after ${formatDuration(after)}`}`,
  )
  if (finding !== null) return [`===== ${about} (${told.join(', ')}) =====`, text(messages.at(-1))]
  return messages.flatMap((message, i) => [`===== ${about} (${told[i]}) =====`, text(message)])
}

function text(message: DsnPreview['messages'][number] | undefined): string {
  return message?.message.replaceAll('\r\n', '\n') ?? ''
}
