import {children, type Element, oidText, Tag} from './der.ts'

export const SIGNED_DATA = '1.2.840.113549.1.7.2'

/** The content type of a ContentInfo (RFC 5652 §3); null when the element is none. */
export function contentType(element: Element): string | null {
  if (element.tag !== Tag.sequence) return null
  const [type, content] = children(element)
  return type?.tag === Tag.oid && content?.tag === 0xa0 ? oidText(type) : null
}

/**
 * The certificates of a SignedData (RFC 5652 §5.1), as DER, in the order of the file. No signature is looked at:
 * such a file is a bag. Throws BerError.
 */
export function certificatesOfSignedData(contentInfo: Element): Buffer[] {
  const [, explicit] = children(contentInfo)
  const signedData = explicit && children(explicit)[0]
  const bag = signedData && children(signedData).find(({tag}) => tag === 0xa0)
  // RFC 5652 §10.2.2: other choices than a plain certificate carry a tag of their own.
  return bag
    ? children(bag)
        .filter(({tag}) => tag === Tag.sequence)
        .map(({raw}) => raw)
    : []
}
