/** What stands on the page of a finding beside its explanation: where it comes from and what to do, in this order. */
export interface FindingPage {
  causes: readonly string[]
  remedy: readonly string[]
}

export const page = (causes: readonly string[], remedy: readonly string[]): FindingPage => ({causes, remedy})
