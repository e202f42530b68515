import { randomUUID } from 'node:crypto'

const WARM_UP = 200

/**
 * Measures whether the response time distinguishes another tenant's verification from one that does not exist. It requests
 * both in turn, in random order within each pair. Returns the median of each in microseconds, and how often the request for
 * another tenant's took longer: half of the times if they cannot be distinguished.
 */
export async function measureGuesses(
  url: string,
  { token, others }: { token: string; others: readonly string[] },
  pairs: number,
) {
  const time = async (id: string) => {
    const began = performance.now()
    const answer = await fetch(`${url}/api/v1/idv/verifications/${id}`, {
      headers: { authorization: `Bearer ${token}` },
    })
    await answer.arrayBuffer()
    if (answer.status !== 404) throw new Error(`a guess was answered ${answer.status}`)
    return (performance.now() - began) * 1000
  }
  const anothers: number[] = []
  const nothings: number[] = []
  let slower = 0
  for (let pair = -WARM_UP; pair < pairs; pair++) {
    const id = others[Math.floor(Math.random() * others.length)] ?? ''
    const isFirst = Math.random() < 0.5
    let [another, nothing] = [0, 0]
    if (isFirst) another = await time(id)
    nothing = await time(randomUUID())
    if (!isFirst) another = await time(id)
    if (pair < 0) continue
    anothers.push(another)
    nothings.push(nothing)
    if (another > nothing) slower++
  }
  const median = (times: number[]) => Math.round(times.sort((a, b) => a - b)[pairs >> 1] ?? 0)
  return {
    pairs,
    anothersMicroseconds: median(anothers),
    nothingsMicroseconds: median(nothings),
    anothersSlower: Number((slower / pairs).toFixed(3)),
    // Three standard deviations of a fair coin.
    fairWithin: Number((1.5 / Math.sqrt(pairs)).toFixed(3)),
  }
}
