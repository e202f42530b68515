/** One procedure of an operator, carried out against processes of the operating system. */
export type Rehearsal = {
  /** One line for the list of rehearsals. */
  summary: string
  /**
   * Carries it out, and returns its figures, one line each. Throws when a promise was broken. `short` takes the time that a check at
   * each change may take, half a minute or less.
   */
  run(options: { short: boolean; say(line: string): void }): Promise<string[]>
}
