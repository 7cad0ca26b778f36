/**
 * The words of mail: what a domain, an address, a reply and an envelope are (RFC 5321), before anybody connects
 * anywhere. Everything here is pure; every other room speaks in these words.
 */
export * from './address.ts'
export * from './domain.ts'
export * from './envelope.ts'
export * from './error.ts'
export * from './reply.ts'
export * from './world.ts'
