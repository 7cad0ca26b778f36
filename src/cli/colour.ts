import {Chalk, type ChalkInstance, supportsColor, supportsColorStderr} from 'chalk'
import type {Paint} from '../report/paint.ts'

export type {Paint}
export type Shade = keyof Paint

/** Colours for a stream: none in a pipe, none when NO_COLOR is set to anything (no-color.org). */
export function paintFor(stream: NodeJS.WriteStream, env: NodeJS.ProcessEnv = process.env): Paint {
  const chalk = new Chalk({level: colourLevel(stream, env)})
  return shades(chalk)
}

function shades(chalk: ChalkInstance): Paint {
  return {good: chalk.green, bad: chalk.red, warning: chalk.yellow, strong: chalk.bold, faint: chalk.dim}
}

function colourLevel(stream: NodeJS.WriteStream, env: NodeJS.ProcessEnv): 0 | 1 | 2 | 3 {
  if (env.NO_COLOR || env.TERM === 'dumb') return 0
  if (env.FORCE_COLOR !== undefined && env.FORCE_COLOR !== '0') return 1
  if (!stream.isTTY || env.FORCE_COLOR === '0') return 0
  const support = stream === process.stderr ? supportsColorStderr : supportsColor
  return support ? support.level : 1
}
