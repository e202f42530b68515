/**
 * The most wrong tries that are judged within this time: the free ones, one more, and one after each wait of 2, 4, 8… seconds. On
 * a busy machine some waits are over before all tries have come.
 */
export const mostJudged = (free: number, seconds: number): number =>
  free + 1 + Math.floor(Math.log2(1 + seconds / 2))

/** How many times as long the fastest of one kind took as the fastest of the other. Other programs delay the rest. */
export function ratioOfFastest(a: number[], b: number[]): number {
  const ratio = Math.min(...a) / Math.min(...b)
  return Math.max(ratio, 1 / ratio)
}
