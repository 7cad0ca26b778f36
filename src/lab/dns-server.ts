import type {Socket as UdpSocket} from 'node:dgram'
import type {Socket, Server as TcpServer} from 'node:net'
import type {DnsFault, Zone} from './zone.ts'

const RCODE = {serverFailure: 2, nxdomain: 3} as const

/** RFC 8914 §4.7. */
const DNSSEC_BOGUS = 6

/** RFC 4035 §3.2.2, a bit that the types of dns2 leave out. */
function isUnchecked(header: object): boolean {
  return 'cd' in header && header.cd === 1
}

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
    handle: (request, send, client) => {
      const response = Packet.createResponseFromRequest(request)
      Object.assign(response.header, {aa: 1, ra: 1})
      const [question] = request.questions
      if (question) {
        const {exists, records, fault} = zone.answer(question.name, question.type)
        observe(question.name, question.type)
        if (!exists) response.header.rcode = RCODE.nxdomain
        response.answers = records as never
        if (records.length === 0) response.authorities = [zone.soa() as never]
        // What dns2 tells of a UDP client has the size of its datagram.
        if (fault === 'bogus' && !isUnchecked(request.header)) {
          response.additionals = [Packet.Resource.EDNS([Packet.Resource.EDNS.EDE(DNSSEC_BOGUS, 'made up')]) as never]
          Object.assign(response, {answers: [], header: {...response.header, rcode: RCODE.serverFailure}})
        }
        if (fault && !spoil(response, fault, 'size' in (client as object))) return
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

interface Answer {
  header: object
  questions: {name: string}[]
  answers: unknown[]
}

/** Makes the answer as wrong as asked; false: none is sent. */
function spoil(response: Answer, fault: DnsFault, overUdp: boolean): boolean {
  if (fault === 'silent' || (fault === 'truncated-for-good' && !overUdp)) return false
  if (fault === 'servfail')
    Object.assign(response, {answers: [], header: {...response.header, rcode: RCODE.serverFailure}})
  if (fault === 'signed') Object.assign(response.header, {ad: 1})
  if (fault === 'other-id') Object.assign(response.header, {id: 0})
  if (fault === 'other-question') response.questions[0]!.name = 'elsewhere.example'
  if (fault.startsWith('truncated') && overUdp)
    Object.assign(response, {answers: [], header: {...response.header, tc: 1}})
  return true
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
