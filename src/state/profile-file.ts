import * as v from 'valibot'
import {profileDefaults} from '../policy/builtin.ts'
import {LEVELS, type Profile, type SubjectCheck} from '../policy/profile.ts'
import {parseSubjectCheck} from '../policy/subject.ts'
import {isName} from './names.ts'
import {checkedText, comment, listOf, text, whole, word} from './schema.ts'
import {YamlFile, type YamlSource} from './yaml-file.ts'

const STANDARD = ['off', 'opportunistic', 'mandatory'] as const

const subjectCheck = text<SubjectCheck>(
  'mx, domain, contains:TEXT, exact:NAME, wildcard:PATTERN or any',
  parseSubjectCheck,
)

// `minTls: 1.2` without quotes is a number to YAML.
const minTls = v.pipe(
  v.union([v.string(), v.number()], 'expected 1.2 or 1.3'),
  v.transform(String),
  v.picklist(['1.2', '1.3'] as const, 'expected 1.2 or 1.3 (RFC 8996 forbids what is below)'),
)

/** `profiles/NAME.yaml`: what was said; defaults are filled in by `readProfile`. */
const PROFILE_SCHEMA = v.strictObject(
  {
    level: word(LEVELS),
    onFailure: v.optional(word(['tempfail', 'fail'] as const)),
    ca: v.optional(listOf(checkedText('the name of an imported CA', (name) => isName(name) || null))),
    trust: v.optional(word(['imported', 'system', 'both'] as const)),
    subject: v.optional(listOf(subjectCheck)),
    minTls: v.optional(minTls),
    minStrength: v.optional(whole('112 to 256 bits (RFC 9325 §4.1 forbids fewer)', 112, 256)),
    fallbackAfter: v.optional(
      v.union([v.literal('never'), whole('1 to 1000', 1, 1000)], 'expected a number of failed attempts, or never'),
    ),
    dane: v.optional(word(STANDARD)),
    mtaSts: v.optional(word(STANDARD)),
    comment,
  },
  'expected a mapping with level: …',
)

/** What a person said of a profile; the rest follows from the level. */
export type ProfileFields = Partial<Omit<Profile, 'name' | 'level'>> & Pick<Profile, 'level'>

/** Throws with file and line when it is not a profile. */
export function readProfile(name: string, source: YamlSource): {profile: Profile; file: YamlFile} {
  const file = new YamlFile(source)
  return {profile: completeProfile(name, file.read(PROFILE_SCHEMA)), file}
}

/** Fills the defaults in. CAs that are named are trusted alone, unless `trust` says otherwise. */
export function completeProfile(name: string, fields: ProfileFields): Profile {
  const said = Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as ProfileFields
  const trust = said.trust ?? (said.ca?.length ? 'imported' : 'both')
  const profile = {name, ...profileDefaults(fields.level), ...said, trust}
  return profile.subject.length > 0 ? profile : {...profile, subject: profileDefaults(fields.level).subject}
}
