import type {Socket} from 'node:net'
import type {Behaviour, PartnerSite} from './partner.ts'

/** Builders: one for each trouble. They differ from `inOrder` by exactly what they are named after. */

export async function inOrder({pki, mx}: PartnerSite): Promise<Behaviour> {
  return {identity: await pki.leaf([mx])}
}

/** A chain of another CA, for this name and for the one that is to be impersonated. */
export function otherCa(impersonated: string) {
  return async ({pki, mx}: PartnerSite): Promise<Behaviour> => {
    return {identity: await pki.leaf([mx, impersonated], {issuer: 'rogue'})}
  }
}

/** The issuer is an intermediate that is neither presented nor among those the lab hands out for import. */
export async function omittedIntermediate({pki, mx}: PartnerSite): Promise<Behaviour> {
  return {identity: await pki.leaf([mx], {issuer: 'second-intermediate', present: 'leaf'})}
}

export async function wrongName({pki, domain}: PartnerSite): Promise<Behaviour> {
  return {identity: await pki.leaf([`www.${domain}`])}
}

export async function expired({pki, mx}: PartnerSite): Promise<Behaviour> {
  return {identity: await pki.leaf([mx], {validFor: [-60, -1]})}
}

export async function noTls(): Promise<Behaviour> {
  return {identity: null}
}

/** STARTTLS is offered and answered 220, and then no TLS comes. */
export async function noHandshake(): Promise<Behaviour> {
  return {identity: null, session: {insteadOfTls: speakHttp}}
}

// Only once the client has begun its handshake: bytes that came with the 220 would be another trouble, an injection.
async function speakHttp(socket: Socket): Promise<void> {
  socket.once('data', () => socket.write('HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n'))
  await new Promise((resolve) => {
    socket.once('close', resolve)
    socket.once('end', resolve)
    socket.resume()
  })
}
