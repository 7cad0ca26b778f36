/** Durations and sizes as relay.yaml writes them. */

const DAY = 86_400_000
const DURATION: Record<string, number> = {s: 1000, m: 60_000, h: 3_600_000, d: DAY}
const SIZE: Record<string, number> = {B: 1, KiB: 1024, MiB: 1024 ** 2, GiB: 1024 ** 3}

/** `90s`, `27m`, `4h`, `5d` in milliseconds, from a second to ten years; null when it is none. */
export function parseDuration(text: string): number | null {
  const value = withUnit(text, /^(\d{1,9})([smhd])$/, DURATION)
  return value !== null && value >= 1000 && value <= 3650 * DAY ? value : null
}

/** `50MiB`, `64KiB`, `1GiB`, `512B` in octets; null when it is none. */
export function parseSize(text: string): number | null {
  return withUnit(text, /^(\d{1,9})(B|KiB|MiB|GiB)$/, SIZE)
}

/** The shortest text that `parseDuration` reads back as the same; whole seconds. */
export function formatDuration(ms: number): string {
  const unit = ['d', 'h', 'm'].find((name) => ms >= DURATION[name]! && ms % DURATION[name]! === 0) ?? 's'
  return `${Math.round(ms / DURATION[unit]!)}${unit}`
}

/** `100/1m`, `10/30s`: how many in how long; null when it is none. At most a million, and a day. */
export function parseRate(text: string): {count: number; per: number} | null {
  const [, digits, duration] = /^(\d{1,7})\/(.+)$/.exec(text) ?? []
  const per = parseDuration(duration ?? '')
  const count = Number(digits)
  return per !== null && per <= DAY && count >= 1 && count <= 1_000_000 ? {count, per} : null
}

function withUnit(text: string, form: RegExp, units: Record<string, number>): number | null {
  const [, digits, unit] = form.exec(text) ?? []
  const value = Number(digits) * (units[unit ?? ''] ?? Number.NaN)
  return Number.isSafeInteger(value) && value > 0 ? value : null
}
