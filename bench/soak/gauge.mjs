// Preloaded into the relay under observation: tells on a socket what its process holds. Who sends `gc` has taken away first
// what nobody holds any more.
import {createServer} from 'node:net'
import {isMainThread} from 'node:worker_threads'

if (isMainThread) createServer({allowHalfOpen: true}, answer).listen(process.env.POSTERN_SOAK_GAUGE).unref()

function answer(socket) {
  socket.on('error', () => {})
  socket.once('data', (what) => {
    if (String(what) === 'gc') globalThis.gc?.()
    const {rss, heapUsed, external} = process.memoryUsage()
    socket.end(JSON.stringify({rss, heapUsed, external, handles: process.getActiveResourcesInfo().length}))
  })
}
