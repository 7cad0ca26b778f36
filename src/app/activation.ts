/** systemd passes sockets from this descriptor on (sd_listen_fds(3)). */
const FIRST = 3
/** More is a mistake of whoever started us. */
const MOST = 64

/**
 * Descriptors of the sockets that were bound for this process; none where it was started without. The variables are
 * taken out of the environment, as they are not meant for our children.
 */
export function passedSockets(env: NodeJS.ProcessEnv, pid: number): number[] {
  const {LISTEN_PID, LISTEN_FDS} = env
  for (const name of ['LISTEN_PID', 'LISTEN_FDS', 'LISTEN_FDNAMES']) delete env[name]
  const count = Number(LISTEN_FDS ?? 0)
  if (Number(LISTEN_PID) !== pid || !Number.isInteger(count) || count < 1 || count > MOST) return []
  return Array.from({length: count}, (_, i) => FIRST + i)
}
