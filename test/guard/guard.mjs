// Preloaded into every test process and every Node process a test starts: traffic that would leave loopback throws, and
// is noted in the file POSTERN_GUARD_LOG, so that the test fails even where the product swallows the error.
import dgram from 'node:dgram'
import dns from 'node:dns'
import {appendFileSync} from 'node:fs'
import {syncBuiltinESMExports} from 'node:module'
import net from 'node:net'

export function isLoopback(host) {
  const bare = String(host)
    .replace(/^\[|\]$/g, '')
    .toLowerCase()
  if (bare === 'localhost' || bare === '::1' || bare === '') return true
  // The same in hexadecimal (RFC 4291 §2.5.5.2): 7f is 127.
  if (/^::ffff:7f[0-9a-f]{2}:[0-9a-f]{1,4}$/.test(bare)) return true
  if (bare.startsWith('::ffff:')) return isLoopback(bare.slice(7))
  return net.isIPv4(bare) && bare.startsWith('127.')
}

function refuse(what) {
  const message = `traffic would leave loopback: ${what}`
  if (process.env.POSTERN_GUARD_LOG) appendFileSync(process.env.POSTERN_GUARD_LOG, `${message}\n`)
  throw new Error(message)
}

const connect = net.Socket.prototype.connect
net.Socket.prototype.connect = function (...args) {
  const first = Array.isArray(args[0]) ? args[0][0] : args[0]
  const options = typeof first === 'object' && first !== null ? first : {port: first, host: args[1]}
  const isPath = options.path !== undefined || (typeof first === 'string' && Number.isNaN(Number(first)))
  const host = typeof options.host === 'string' ? options.host : 'localhost'
  if (!isPath && !isLoopback(host)) refuse(`TCP to ${host}:${options.port}`)
  return connect.apply(this, args)
}

const send = dgram.Socket.prototype.send
dgram.Socket.prototype.send = function (...args) {
  const address = args.slice(1).find((arg) => typeof arg === 'string')
  if (address !== undefined && !isLoopback(address)) refuse(`UDP to ${address}`)
  return send.apply(this, args)
}

const connectUdp = dgram.Socket.prototype.connect
dgram.Socket.prototype.connect = function (port, address, ...rest) {
  if (typeof address === 'string' && !isLoopback(address)) refuse(`UDP to ${address}`)
  return connectUdp.call(this, port, address, ...rest)
}

// The system's resolver would ask servers of its own choice.
for (const target of [dns, dns.promises]) {
  for (const name of Object.keys(target).filter((key) => /^(lookup|resolve|reverse)/.test(key))) {
    const original = target[name]
    if (typeof original !== 'function') continue
    target[name] = function (host, ...rest) {
      if (!isLoopback(host) && !net.isIP(String(host))) refuse(`${name} of ${host} by the system's resolver`)
      return original.call(this, host, ...rest)
    }
  }
}
syncBuiltinESMExports()
