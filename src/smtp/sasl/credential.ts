import {createHmac, hash, pbkdf2, randomBytes, timingSafeEqual} from 'node:crypto'
import {promisify} from 'node:util'
import {preparePassword} from './password.ts'

/** What is kept of a password (RFC 5802 §3): enough to check it, too little to log in with it elsewhere. */
export interface Credential {
  iterations: number
  salt: Buffer
  /** SHA-256 of the client key. */
  storedKey: Buffer
  serverKey: Buffer
}

const SCHEME = 'SCRAM-SHA-256'
/** RFC 7677 §4 asks for 4096 at least; about 20 ms of one core. */
const ITERATIONS = 50_000
const SALT_OCTETS = 16
const KEY_OCTETS = 32
/** Above, one attempt could cost minutes. */
const MOST_ITERATIONS = 10_000_000

const derive = promisify(pbkdf2)

/** A credential with a fresh salt; the password is a prepared one. */
export async function makeCredential(password: string): Promise<Credential> {
  const salt = randomBytes(SALT_OCTETS)
  const salted = await derive(password, salt, ITERATIONS, KEY_OCTETS, 'sha256')
  return {iterations: ITERATIONS, salt, ...keysOf(salted)}
}

/** `SCRAM-SHA-256$ITERATIONS:SALT$STORED-KEY:SERVER-KEY`, base64 (RFC 5803 §3). */
export function formatCredential({iterations, salt, storedKey, serverKey}: Credential): string {
  const [s, k, v] = [salt, storedKey, serverKey].map((octets) => octets.toString('base64'))
  return `${SCHEME}$${iterations}:${s}$${k}:${v}`
}

/** null: it is none, or not one of SCRAM-SHA-256. */
export function parseCredential(text: string): Credential | null {
  const found = /^SCRAM-SHA-256\$(\d{4,8}):([\w+/=]{8,})\$([\w+/]{43}=):([\w+/]{43}=)$/.exec(text)
  if (!found) return null
  const [salt, storedKey, serverKey] = found.slice(2).map((part) => Buffer.from(part, 'base64')) as [
    Buffer,
    Buffer,
    Buffer,
  ]
  const credential = {iterations: Number(found[1]), salt, storedKey, serverKey}
  const inRange = credential.iterations >= 4096 && credential.iterations <= MOST_ITERATIONS
  return inRange && formatCredential(credential) === text ? credential : null
}

/**
 * Whether this is the password. Takes as long for a wrong one. At most two are checked at a time: the threads that hash are
 * those that read and write files, and strangers may not keep them all.
 */
export function isPassword(credential: Credential, password: string): Promise<boolean> {
  const turn = turns[0]! <= turns[1]! ? 0 : 1
  turns[turn]!++
  const answer = queues[turn]!.then(() => check(credential, password)).finally(() => turns[turn]!--)
  queues[turn] = answer.catch(() => {})
  return answer
}

const turns = [0, 0]
const queues: Promise<unknown>[] = [Promise.resolve(), Promise.resolve()]

async function check({iterations, salt, storedKey}: Credential, password: string): Promise<boolean> {
  const prepared = preparePassword(password)
  const salted = await derive(prepared ?? '', salt, iterations, KEY_OCTETS, 'sha256')
  return timingSafeEqual(keysOf(salted).storedKey, storedKey) && prepared !== null
}

/** RFC 5802 §3. */
function keysOf(salted: Buffer): {storedKey: Buffer; serverKey: Buffer} {
  const storedKey = hash('sha256', hmac(salted, 'Client Key'), 'buffer')
  return {storedKey, serverKey: hmac(salted, 'Server Key')}
}

/** HMAC-SHA-256, 32 octets. */
export function hmac(key: Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest()
}
