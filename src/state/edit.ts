import {join} from 'node:path'
import {type Document, isMap, isScalar, isSeq, Pair, parseDocument, Scalar, type YAMLMap, YAMLSeq} from 'yaml'
import type {Profile, Rule} from '../policy/profile.ts'
import {formatSubjectCheck} from '../policy/subject.ts'
import {readOptional, removeFile, withLock, writeFileAtomic} from './files.ts'
import {readRules} from './policy-file.ts'
import {type ProfileFields, readProfile} from './profile-file.ts'
import {readSettings} from './relay-file.ts'

/**
 * Writing of what a person may also write by hand: only what changes is touched, comments and order stay, and what was
 * made is read back through the schema before it replaces the file. All but `updateSetting` want the caller to hold the
 * lock, because what to write was decided on what was read.
 */

/** Sets the fields that are given, takes out those that are null, and makes the file where there is none. */
export async function writeProfile(dir: string, name: string, change: ProfileChange): Promise<Profile> {
  const path = join(dir, 'profiles', `${name}.yaml`)
  const before = await textOf(path)
  const document = open(before)
  for (const key of PROFILE_KEYS) setField(document, [key], plainField(key, change))
  const text = print(document, before)
  const {profile} = readProfile(name, {path, text})
  if (text !== before) await writeFileAtomic(path, text)
  return profile
}

/** Absent leaves a field as it is, null takes it out of the file, so that its default applies. */
export type ProfileChange = {[K in keyof ProfileFields]?: ProfileFields[K] | null}

const PROFILE_KEYS = [
  'level',
  'onFailure',
  'ca',
  'trust',
  'subject',
  'minTls',
  'minStrength',
  'fallbackAfter',
  'dane',
  'mtaSts',
  'comment',
] as const satisfies (keyof ProfileFields)[]

/** The caller holds the lock, and has made sure that no rule names it. */
export async function removeProfile(dir: string, name: string): Promise<void> {
  await removeFile(join(dir, 'profiles', `${name}.yaml`))
}

/** Makes these the rules, in this order. A rule that stays keeps its comments, wherever it moves. */
export async function writeRules(dir: string, rules: readonly Rule[]): Promise<void> {
  const path = join(dir, 'policy.yaml')
  const before = await textOf(path)
  const document = open(before)
  const list = ruleList(document)
  const old = new Map(list.items.filter((item) => isMap(item)).map((item) => [String(item.get('id')), item]))
  list.items = rules.map((rule) => ruleNode(document, rule, old.get(rule.id)))
  list.flow = list.flow && rules.length === 0
  const text = print(document, before)
  readRules({path, text})
  if (text !== before) await writeFileAtomic(path, text)
}

/**
 * Sets one value of relay.yaml under the lock, as `['tls', 'enabled'], false`; null takes it out. Throws (78) when the file,
 * before or after, is not sound.
 */
export async function updateSetting(dir: string, path: readonly string[], value: unknown): Promise<void> {
  await withLock(dir, async () => {
    const file = join(dir, 'relay.yaml')
    const before = await textOf(file)
    readSettings({path: file, text: before})
    const document = open(before)
    setField(document, path, value)
    const text = print(document, before)
    readSettings({path: file, text})
    if (text !== before) await writeFileAtomic(file, text)
  })
}

async function textOf(path: string): Promise<string> {
  return (await readOptional(path))?.toString('utf8') ?? ''
}

/** A document to be edited; an empty file becomes an empty mapping. */
export function open(text: string): Document {
  const document: Document = parseDocument(text)
  if (document.contents === null) document.contents = document.createNode({}) as YAMLMap
  return document
}

// Long patterns must not be folded over two lines; brackets are padded where the file's author pads them. A file that says
// the same as before stays as it was written.
export function print(document: Document, before: string): string {
  if (JSON.stringify(document.toJS()) === JSON.stringify(parseDocument(before).toJS())) return before
  return document.toString({lineWidth: 0, flowCollectionPadding: /[[{] /.test(before)})
}

function plainField(key: keyof ProfileFields, change: ProfileChange): unknown {
  return key === 'subject' ? change.subject?.map(formatSubjectCheck) : change[key]
}

/** undefined leaves it, null removes it. */
function setField(document: Document, path: readonly string[], value: unknown): void {
  if (value === undefined) return
  if (value === null) document.deleteIn(path)
  else if (!sameValue(document, path, value)) document.setIn(path, node(document, document.getIn(path, true), value))
}

function sameValue(document: Document, path: readonly string[], value: unknown): boolean {
  const current = document.getIn(path, true)
  const plain = isSeq(current) || isMap(current) ? current.toJS(document) : isScalar(current) ? current.value : current
  return JSON.stringify(plain) === JSON.stringify(value)
}

/** The node to put there: the old one where it can be kept, since comments hang on nodes. */
function node(document: Document, current: unknown, value: unknown): unknown {
  if (Array.isArray(value)) return listNode(document, current, value)
  if (!isScalar(current) || typeof value === 'object') return document.createNode(value)
  const scalar = new Scalar(value)
  scalar.comment = current.comment
  scalar.commentBefore = current.commentBefore
  return scalar
}

function listNode(document: Document, current: unknown, values: unknown[]): unknown {
  if (!isSeq(current)) return document.createNode(values)
  const old = new Map(current.items.map((item) => [isScalar(item) ? item.value : item, item]))
  current.items = values.map((value) => old.get(value) ?? document.createNode(value))
  return current
}

function ruleList(document: Document): YAMLSeq {
  if (isSeq(document.contents)) return document.contents
  const found = document.get('rules')
  if (isSeq(found)) return found
  const list = new YAMLSeq()
  document.set('rules', list)
  return list
}

/** Only what differs from the default is written. */
function ruleNode(document: Document, rule: Rule, old: YAMLMap | undefined): YAMLMap {
  const map = old ?? (document.createNode({}) as YAMLMap)
  const fields: [string, unknown][] = [
    ['id', rule.id],
    ['direction', rule.direction === 'delivery' ? undefined : rule.direction],
    ['recipients', filled(rule.recipients)],
    ['senders', filled(rule.senders)],
    ['destinations', filled(rule.destinations)],
    ['clients', filled(rule.clients)],
    ['profile', rule.profile],
    ['action', rule.action === 'reject' ? rule.action : undefined],
    ['mode', rule.mode === 'enforce' ? undefined : rule.mode],
    ['comment', rule.comment ?? undefined],
  ]
  for (const [key, value] of fields) setRuleField(document, map, key, value)
  return map
}

function setRuleField(document: Document, map: YAMLMap, key: string, value: unknown): void {
  const current = map.get(key, true)
  const plain = isSeq(current) ? current.toJS(document) : isScalar(current) ? current.value : undefined
  if (value === undefined) {
    // A default that somebody wrote out on purpose may stay.
    if (plain !== undefined && !isDefault(key, plain)) map.delete(key)
  } else if (!sameList(plain, value)) {
    const fresh = node(document, current, value)
    if (map.has(key)) map.set(key, fresh)
    else map.add(new Pair(key, fresh))
  }
}

function sameList(current: unknown, value: unknown): boolean {
  const both = [current, value].map((one) => JSON.stringify(Array.isArray(one) ? one : [one]))
  return both[0] === both[1]
}

function isDefault(key: string, value: unknown): boolean {
  return (key === 'direction' && value === 'delivery') || (key === 'mode' && value === 'enforce')
}

function filled(list: string[]): string[] | undefined {
  return list.length > 0 ? list : undefined
}
