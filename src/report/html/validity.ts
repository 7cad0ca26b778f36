import {html, type Markup} from './markup.ts'

const DAY = 86_400_000
/** As `--expiry-days` has it unless told otherwise. */
const SOON = 21

type Span = {notBefore: string; notAfter: string}
interface Standing {
  shade: 'good' | 'warning' | 'bad'
  words: string
}

/** How a certificate stands at the time of the look, in words and a shade. `today` in milliseconds. */
export function standing({notBefore, notAfter}: Span, today: number): Standing {
  const from = Date.parse(notBefore)
  const to = Date.parse(notAfter)
  if (Number.isNaN(from) || Number.isNaN(to)) return {shade: 'bad', words: 'its validity time cannot be read'}
  if (today > to) return {shade: 'bad', words: `expired ${days(today - to)} ago`}
  if (today < from) return {shade: 'bad', words: `not valid yet, ${days(from - today)} to go`}
  const left = to - today
  return {shade: left < SOON * DAY ? 'warning' : 'good', words: `${days(left)} left`}
}

function days(ms: number): string {
  const count = Math.floor(ms / DAY)
  if (count < 1) return 'less than a day'
  if (count < 730) return count === 1 ? '1 day' : `${count} days`
  return `${Math.floor(count / 365.25)} years`
}

/**
 * A bar from notBefore to notAfter, and a line where today is. Each has a scale of its own, since a root outlives its
 * leaves a hundredfold; the scale is widened to take today in.
 */
export function validityBar(span: Span, today: number, at: {x: number; y: number; width: number}): Markup {
  const from = Date.parse(span.notBefore)
  const to = Date.parse(span.notAfter)
  const {shade, words} = standing(span, today)
  if (!(from < to)) return html`<text class="bad" x="${at.x}" y="${at.y + 8}">${words}</text>`
  const [first, last] = [Math.min(from, today), Math.max(to, today)]
  const place = (time: number) => round(at.x + (at.width * (time - first)) / (last - first))
  const now = place(today)
  const middle = at.x + at.width / 2
  // The word stands inside the bar's width, on the side where there is room for it.
  const side = now > middle ? 'end' : 'start'
  return html`<text class="${shade}" x="${side === 'end' ? at.x : at.x + at.width}" y="${at.y - 5}" text-anchor="${side === 'end' ? 'start' : 'end'}">${words}</text>
<rect class="track" x="${at.x}" y="${at.y}" width="${at.width}" height="8" rx="4"/>
<rect class="bar-${shade}" x="${place(from)}" y="${at.y}" width="${round(place(to) - place(from))}" height="8" rx="4"/>
<line class="today" x1="${now}" x2="${now}" y1="${at.y - 4}" y2="${at.y + 12}"/>
<text class="today-word" x="${now + (side === 'end' ? -4 : 4)}" y="${at.y - 5}" text-anchor="${side}">today</text>
${dates(span, {from: place(from), to: place(to)}, at)}`
}

/** Each date below its end of the bar; both at one end where the bar is too short for two. */
function dates(
  {notBefore, notAfter}: Span,
  bar: {from: number; to: number},
  at: {x: number; y: number; width: number},
): Markup {
  const [first, last] = [notBefore.slice(0, 10), notAfter.slice(0, 10)]
  const text = (x: number, anchor: 'start' | 'end', words: string) =>
    html`<text class="small" x="${x}" y="${at.y + 20}" text-anchor="${anchor}">${words}</text>`
  if (bar.to - bar.from >= 130) return html`${text(bar.from, 'start', first)}${text(bar.to, 'end', last)}`
  const left = bar.from + bar.to < 2 * at.x + at.width
  return text(left ? bar.from : bar.to, left ? 'start' : 'end', `${first} to ${last}`)
}

function round(value: number): number {
  return Math.round(value * 10) / 10
}
