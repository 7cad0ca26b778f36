/** Octets of a prepared password; more is no password but an attempt to keep us busy. */
const LONGEST = 1024

/**
 * A password as it is hashed: OpaqueString of RFC 8265 §4.2, which is blanks of all kinds as U+0020, NFC, and no control or
 * invisible character. null where it is none. ASCII stays as it is.
 */
export function preparePassword(text: string): string | null {
  const prepared = text.replace(/\p{Zs}/gu, ' ').normalize('NFC')
  if (prepared === '' || Buffer.byteLength(prepared) > LONGEST || UNFIT.test(prepared)) return null
  return prepared
}

// RFC 8264 §4.3 (FreeformClass): controls, unassigned and private code points, lone surrogates, what nobody sees.
const UNFIT = /[\p{Cc}\p{Cf}\p{Cn}\p{Co}\p{Cs}\p{Default_Ignorable_Code_Point}]/u

/**
 * Whether every client hashes this password to the same: RFC 5802 §5.1 has SCRAM clients prepare it with SASLprep, which is
 * NFKC, so that a sign such as U+00B2 or U+FB01 would be right with one mechanism and wrong with another.
 */
export function isUnambiguous(prepared: string): boolean {
  return prepared.normalize('NFKC') === prepared
}
