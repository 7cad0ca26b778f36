import type {Socket} from 'node:net'
import type {Behaviour, PartnerSite} from '../partner.ts'
import {type Draft, MISNAMED, NO_HANDSHAKE, NO_STARTTLS, OUT_OF_DATE, UNTRUSTED} from './draft.ts'

const GOOD_DOMAIN = 'example.mil'

/** The eight of the example.mil story: what `lab start` starts, and the demo's closing table shows. */
export const STORY: readonly Draft[] = [
  {name: 'good', domain: GOOD_DOMAIN, trouble: 'nothing', build: inOrder},
  {
    name: 'impostor',
    trouble: `a certificate of another CA, for its own name and for mx1.${GOOD_DOMAIN}`,
    ...UNTRUSTED,
    remarks: ['chain-unknown-root'],
    // A chain of another CA, for this name and for the one that is to be impersonated.
    build: async ({pki, mx}) => ({identity: await pki.leaf([mx, `mx1.${GOOD_DOMAIN}`], {issuer: 'rogue'})}),
  },
  {
    name: 'no-intermediate',
    trouble: 'does not send the intermediate that issued its certificate',
    ...UNTRUSTED,
    remarks: ['chain-missing-intermediate'],
    // The issuer is neither presented nor among those the lab hands out for import.
    build: async ({pki, mx}) => ({identity: await pki.leaf([mx], {issuer: 'second-intermediate', present: 'leaf'})}),
  },
  {
    name: 'wrong-name',
    trouble: 'its certificate is for www.wrong-name.example, not for its MX host',
    ...MISNAMED,
    build: async ({pki, domain}) => ({identity: await pki.leaf([`www.${domain}`])}),
  },
  {
    name: 'expired',
    trouble: 'its certificate expired yesterday',
    ...OUT_OF_DATE,
    remarks: ['chain-expired'],
    build: async ({pki, mx}) => ({identity: await pki.leaf([mx], {validFor: [-60, -1]})}),
  },
  {name: 'no-starttls', trouble: 'does not offer STARTTLS', ...NO_STARTTLS, build: noTls},
  {
    name: 'broken-tls',
    trouble: 'answers STARTTLS with 220, and then speaks no TLS',
    ...NO_HANDSHAKE,
    build: async () => ({identity: null, session: {insteadOfTls: speakHttp}}),
  },
  {
    name: 'sink',
    trouble: 'offers no TLS: a plain next hop that takes mail for everybody, the relay included',
    ...NO_STARTTLS,
    alsoFor: ['relay.example.org'],
    build: noTls,
  },
]

export async function inOrder({pki, mx}: PartnerSite): Promise<Behaviour> {
  return {identity: await pki.leaf([mx])}
}

async function noTls(): Promise<Behaviour> {
  return {identity: null}
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
