import type {Socket as UdpSocket} from 'node:dgram'
import type {Socket, Server as TcpServer} from 'node:net'
import type {Zone} from './zone.ts'

const NXDOMAIN = 3

/** The two servers inside dns2's, which its types keep to themselves. */
interface Transports {
  servers: {udp: UdpSocket; tcp: TcpServer}
}

export interface LabDns {
  stop(): Promise<void>
}

/** Serves the zone over UDP and TCP. Throws what the system says when the address cannot be had. */
export async function startDns(
  at: {address: string; port: number},
  zone: Zone,
  observe: (question: string, type: number) => void,
): Promise<LabDns> {
  const {createServer, Packet} = await import('dns2').then((library) => library.default ?? library)
  const server = createServer({
    udp: true,
    tcp: true,
    handle: (request, send) => {
      const response = Packet.createResponseFromRequest(request)
      Object.assign(response.header, {aa: 1, ra: 1})
      const [question] = request.questions
      if (question) {
        const {exists, records} = zone.answer(question.name, question.type)
        if (!exists) response.header.rcode = NXDOMAIN
        response.answers = records as never
        if (records.length === 0) response.authorities = [zone.soa() as never]
        observe(question.name, question.type)
      }
      // A client that is gone before its answer is no concern of ours.
      void Promise.resolve(send(response)).catch(() => {})
    },
  })
  const connections = new Set<Socket>()
  const {tcp} = (server as unknown as Transports).servers
  tcp.on('connection', (socket) => {
    connections.add(socket)
    socket.on('error', () => {})
    socket.once('close', () => connections.delete(socket))
  })
  await listening(server, at)
  return {
    stop: async () => {
      for (const socket of connections) socket.destroy()
      await server.close()
    },
  }
}

type Listening = Pick<ReturnType<typeof import('dns2').createServer>, 'on' | 'listen' | 'close'>

async function listening(server: Listening, at: {address: string; port: number}): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    // Both transports may fail; whatever comes after the first is the same news, and a second close would throw.
    let failed = false
    server.on('error', (error: Error) => {
      reject(error)
      if (!failed) void server.close()
      failed = true
    })
    void server.listen({udp: at, tcp: at}).then(() => resolve())
  })
}
