import * as v from 'valibot'
import {parse, stringify} from 'yaml'
import {printable} from '../mail/domain.ts'
import {Exit, PosternError} from '../mail/error.ts'
import {isName} from '../state/names.ts'
import {isBuiltin} from '../state/scan.ts'
import {YamlFile} from '../state/yaml-file.ts'

/**
 * A whole configuration as one YAML document: the text of each file by its path, byte for byte, comments included. Keys
 * and users.yaml are never in it: it is meant to be mailed, compared and kept in git.
 */
export interface ConfigBundle {
  revision: string
  files: Record<string, string>
  /** Files that are there and were left out, because they hold secrets or belong to them. */
  leftOut: string[]
}

const NAME = 'postern.config-export/1'
/** Octets of a document that is read. */
export const LARGEST_BUNDLE = 10 * 1024 * 1024

const HEAD = `# A configuration of Postern, all files in one: postern config import FILE puts them in place.
# Private keys and the users' password hashes are not in it.
`

const BUNDLE = v.strictObject(
  {
    schema: v.literal(NAME, `expected ${NAME}`),
    revision: v.string('expected the revision, a text'),
    files: v.record(v.string(), v.string('expected the text of the file'), 'expected a mapping of files'),
    leftOut: v.optional(v.array(v.string('expected a path'), 'expected a list of paths'), []),
  },
  'expected what postern config export wrote',
)

/** The bundle as YAML that `readBundle` reads back as the same, byte for byte. */
export function bundleText(bundle: ConfigBundle): string {
  const document = {schema: NAME, ...bundle}
  const text = HEAD + stringify(document, {lineWidth: 0, blockQuote: 'literal', aliasDuplicateObjects: false})
  // Literal blocks are for the eye. What they cannot hold byte for byte, JSON can, which is YAML too.
  const same = JSON.stringify(parse(text)) === JSON.stringify(document)
  return same ? text : `${HEAD}${JSON.stringify(document, null, 2)}\n`
}

/** Throws `configuration-invalid` (65) with the line, also for a path that no configuration has. */
export function readBundle(source: {path: string; text: string}): ConfigBundle {
  const file = new YamlFile({...source, exit: Exit.badData, largest: LARGEST_BUNDLE})
  const {revision, files, leftOut} = file.read(BUNDLE)
  const strange = Object.keys(files).find((path) => !isOurs(path))
  if (strange !== undefined) {
    const known = 'relay.yaml, policy.yaml, profiles/NAME.yaml and ca/NAME.pem are known'
    throw file.complain(['files', strange], `expected a file of a configuration; found ${printable(strange)}`, known)
  }
  return {revision, files, leftOut}
}

function isOurs(path: string): boolean {
  if (path === 'relay.yaml' || path === 'policy.yaml') return true
  const [, folder, name = ''] = /^(profiles|ca)\/(.+)\.(?:yaml|pem)$/.exec(path) ?? []
  if (!isName(name) || path !== `${folder}/${name}.${folder === 'ca' ? 'pem' : 'yaml'}`) return false
  return folder === 'ca' || !isBuiltin(name)
}

/** Throws `configuration-too-large` (65): what could not be taken back is not given out. */
export function refuseLarge(text: string): string {
  if (Buffer.byteLength(text) <= LARGEST_BUNDLE) return text
  throw new PosternError('configuration-too-large', `the configuration has more than ${LARGEST_BUNDLE >> 20} MiB`, {
    exit: Exit.badData,
    hints: ['copy the directory instead: postern config path names it'],
  })
}
