import * as v from 'valibot'
import {expect, test} from 'vitest'
import {PROBE_SCHEMA} from '../../src/report/probe-schema.ts'
import {hostileReport} from './hostile.ts'
import {sampleReport} from './sample.ts'

test.each([
  ['sample', sampleReport()],
  ['hostile', hostileReport()],
])('the %s report is a document as the schema has it', (_name, report) => {
  // Unknown keys are dropped by parsing, so that they show.
  expect(v.parse(PROBE_SCHEMA, report)).toEqual(report)
})
