/** What `action` returns, or `otherwise` where it throws: for octets of others, which may be anything. */
export function attempt<T>(action: () => T, otherwise: T): T {
  try {
    return action()
  } catch {
    return otherwise
  }
}
