/** Does something that must not be left half-done: ctrl-C and SIGTERM wait until it is complete, and then end us. */
export async function heldBack<T>(action: () => Promise<T>): Promise<T> {
  let caught: NodeJS.Signals | null = null
  const hold = (signal: NodeJS.Signals) => {
    caught = signal
  }
  process.on('SIGINT', hold).on('SIGTERM', hold)
  try {
    return await action()
  } finally {
    process.off('SIGINT', hold).off('SIGTERM', hold)
    if (caught) process.kill(process.pid, caught)
  }
}
