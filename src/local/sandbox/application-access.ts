import { ResponseBodyError } from 'openid-client'
import type { Log } from '../../platform/log.ts'
import {
  type ApplicationClient,
  downloadImage,
  type ImageName,
  refusalOf,
  type Tokens,
} from './application-client.ts'
import type { Session } from './application-sessions.ts'

type Parts = { client: ApplicationClient; log: Log }

/**
 * Reads the verification again, with a new access token where the old one is not valid any more. Requests that arrive meanwhile wait
 * for the same reading.
 */
export async function readAgain(parts: Parts, session: Session, tokens: Tokens): Promise<void> {
  session.reading ??= readWithNewToken(parts, session, tokens).finally(() => {
    session.reading = undefined
  })
  await session.reading
}

async function readWithNewToken(parts: Parts, session: Session, tokens: Tokens) {
  await readVerification(parts, session, tokens)
  if (!session.answer || refusalOf(session.answer) !== 'ended' || !tokens.refreshToken) return
  try {
    session.tokens = await parts.client.refresh(tokens)
  } catch (error) {
    if (!(error instanceof ResponseBodyError)) throw error
    session.ending ??= 'refused'
    return
  }
  await readVerification(parts, session, session.tokens)
}

/** Reads the verification and downloads its images. Failures are shown on the page. */
export async function readVerification(
  { client, log }: Parts,
  session: Session,
  tokens: Tokens,
): Promise<void> {
  // An event that arrives from now on may tell of a newer state.
  session.isStale = false
  const answer = await client.readVerification(tokens.accessToken).catch((error: unknown) => {
    session.isStale = true
    throw error
  })
  session.answer = answer
  if (answer.status === 200) session.ending = undefined
  session.images.clear()
  session.failures = []
  const documents = Object.entries(answer.verification?.documents ?? {})
  await Promise.all(
    documents.map(async ([name, url]) => {
      if (typeof url !== 'string') return
      try {
        session.images.set(name as ImageName, await downloadImage(url))
      } catch (error) {
        const reason = error instanceof Error ? error.message : 'it failed'
        session.failures.push(`A picture (${name}) could not be downloaded: ${reason}.`)
      }
    }),
  )
  // What an event forbade while the images arrived is not kept.
  if (session.isStale) session.images.clear()
  log.info('application read a verification', {
    status: answer.status,
    images: session.images.size,
  })
}
