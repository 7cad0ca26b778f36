import {dirname, relative, resolve} from 'node:path'
import type {SourceFile} from '../../scripts/sources.ts'

/** The rooms from the top of the house to the cellar; arrows point down this list (DESIGN: layering). */
const FLOORS = [
  ['commands'],
  ['cli'],
  ['app'],
  ['relay', 'lab', 'report', 'state'],
  ['queue', 'path'],
  ['policy', 'smtp'],
  ['pki', 'dns'],
  ['mail'],
]

const TERMINAL_ONLY = /^(@oclif\/|chalk$|inquirer$|@inquirer\/|cli-table3$)/
const OUTSIDE_WORLD = /^node:(dgram|dns|fs|http|https|child_process|worker_threads|timers)/
const PURE = ['mail', 'policy', 'report']

/** One line for every import that breaks the layering; empty when the house stands. */
export function brokenArrows(files: SourceFile[]): string[] {
  return files.flatMap((file) => {
    const from = roomOf(file.path)
    return imports(file.text).flatMap((target) => {
      const reason = target.startsWith('.') ? relativeArrow(file.path, from, target) : packageArrow(from, target)
      return reason ? [`${file.path} imports ${target}: ${reason}`] : []
    })
  })
}

function relativeArrow(path: string, from: string, target: string): string | null {
  const to = roomOf(relative(resolve('/'), resolve('/', dirname(path), target)))
  if (to === from) return null
  const [high, low] = [floorOf(from), floorOf(to)]
  if (high < 0 || low < 0) return 'no such room'
  if (low < high) return `${from} is below ${to}`
  return low === high ? `${from} and ${to} are on one floor` : null
}

function packageArrow(from: string, target: string): string | null {
  if (TERMINAL_ONLY.test(target) && from !== 'commands' && from !== 'cli')
    return 'only commands and cli know the terminal'
  if (OUTSIDE_WORLD.test(target) && PURE.includes(from)) return `${from} is pure`
  return null
}

function imports(text: string): string[] {
  const code = text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/^\s*\/\/.*$/gm, '')
  const found = code.matchAll(/(?:\bfrom\s+|\bimport\s*\(\s*|^\s*import\s+)(['"])([^'"\n]+)\1/gm)
  return [...found].map((match) => match[2]!)
}

function roomOf(path: string): string {
  const [top, room] = path.split('/')
  return top === 'commands' ? 'commands' : (room ?? '')
}

function floorOf(room: string): number {
  return FLOORS.findIndex((floor) => floor.includes(room))
}
