import {readFileSync} from 'node:fs'
import {join} from 'node:path'

interface Manifest {
  commands: Record<
    string,
    {
      summary?: string
      description?: string
      args: Record<string, Arg>
      flags: Record<string, Flag>
      examples?: string[]
    }
  >
}
interface Arg {
  description?: string
  required?: boolean
}
interface Flag {
  char?: string
  description?: string
  summary?: string
  type: string
  helpGroup?: string
  helpValue?: string | string[]
  options?: string[]
  multiple?: boolean
  required?: boolean
  default?: unknown
  hidden?: boolean
}

/** docs/commands.md, from the manifest that the build wrote. */
export function commandPage(root: string): string {
  const manifest = JSON.parse(readFileSync(join(root, 'oclif.manifest.json'), 'utf8')) as Manifest
  const sections = Object.entries(manifest.commands).sort(([a], [b]) => (a < b ? -1 : 1))
  return `# Commands

Every command also takes \`--config-dir DIR\`, \`--data-dir DIR\`, \`--lab\`, \`--json\` and \`--quiet\`.

${sections.map(([id, command]) => section(id, command)).join('\n')}`
}

function section(id: string, {summary, description, args, flags, examples = []}: Manifest['commands'][string]): string {
  const own = Object.entries(flags).filter(
    ([name, flag]) => flag.helpGroup !== 'GLOBAL' && name !== 'json' && !flag.hidden,
  )
  const words = Object.entries(args).map(([name, arg]) =>
    arg.required ? name.toUpperCase() : `[${name.toUpperCase()}]`,
  )
  const rows = own.map(
    ([name, flag]) => `| \`${flagText(name, flag)}\` | ${cell(flag.summary ?? flag.description ?? '')} |`,
  )
  const table = rows.length ? `\n| flag | |\n|---|---|\n${rows.join('\n')}\n` : ''
  const samples = examples.map((example) => example.replaceAll('<%= config.bin %>', 'postern'))
  const shown = samples.length ? `\n\`\`\`\n${samples.join('\n')}\n\`\`\`\n` : ''
  return `## ${['postern', ...id.split(':'), ...words].join(' ')}\n\n${sentence(summary ?? description ?? '')}\n${table}${shown}`
}

function flagText(name: string, flag: Flag): string {
  if (flag.type === 'boolean') return `--${name}`
  const value = flag.options?.join('|') ?? [flag.helpValue ?? 'VALUE'].flat()[0]
  return `--${name} ${value}${flag.multiple ? ' …' : ''}`
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ')
}

function sentence(text: string): string {
  const capital = text.charAt(0).toUpperCase() + text.slice(1)
  return /[.!?]$/.test(capital) ? capital : `${capital}.`
}
