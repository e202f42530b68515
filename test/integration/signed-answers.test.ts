import { readFile, rm, writeFile } from 'node:fs/promises'
import { decodeJwt } from 'jose'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createApplication } from '../support/application.ts'
import {
  ALL_SCOPES,
  addClient,
  addResident,
  startPortal,
  type TestPortal,
} from '../support/portal.ts'
import { addVerification } from '../support/verifications.ts'

const PATH = '/api/v1/me/natural-person/id-verification'
type Attachment = { digest: { value: string }; size: number; url: string }
/** As the documentation prints it. */
type Verifier = {
  verifyAnswer(
    jwt: string,
    by: { issuer: string; clientId: string },
  ): Promise<{
    sub: string
    jti: string
    id_verification: object
    attachments: Record<string, Attachment>
  }>
  isTheFile(attachment: Attachment, bytes: Uint8Array): boolean
}

let portal: TestPortal
let verifier: Verifier
const file = new URL('./.verifier-of-the-docs.mjs', import.meta.url)
beforeAll(async () => {
  portal = await startPortal()
  const docs = await readFile(new URL('../../docs/signed-answers.md', import.meta.url), 'utf8')
  const [, code = ''] = /```js\n(.*?)```/s.exec(docs) ?? []
  await writeFile(file, code)
  verifier = (await import(file.href)) as Verifier
})
afterAll(async () => {
  await rm(file, { force: true })
  await portal.close()
})

async function signedIn() {
  const resident = await addResident(portal.parts)
  const client = await addClient(portal.parts)
  const application = await createApplication(portal.issuer, client)
  const { access_token: token } = await application.obtainTokens(ALL_SCOPES, resident.email)
  return { resident, clientId: client.client_id, token }
}
const ask = async (token: string, query = '', headers: Record<string, string> = {}) => {
  const answer = await fetch(`${portal.url}${PATH}${query}`, {
    headers: { Authorization: `Bearer ${token}`, ...headers },
  })
  return { status: answer.status, text: await answer.text(), headers: answer.headers }
}

test("the documentation's own lines verify an answer, and each file against it", async () => {
  const { resident, clientId, token } = await signedIn()
  const { id } = await addVerification(portal.parts, resident.id)
  const plain = JSON.parse((await ask(token)).text)
  for (const { text, headers } of [
    await ask(token, '?signed=1'),
    await ask(token, '', { Accept: 'application/jwt' }),
    await ask(token, '', { Accept: 'application/json;q=0.5, application/jwt' }),
  ]) {
    expect(headers.get('content-type')).toBe('application/jwt')
    expect(headers.get('cache-control')).toBe('no-store')
    const said = await verifier.verifyAnswer(text, { issuer: portal.issuer, clientId })
    const { documents: _, ...verification } = plain
    expect(said.id_verification).toEqual(verification)
    expect(said).toMatchObject({ sub: resident.id, jti: headers.get('x-request-id') })
    expect(Object.keys(said.attachments)).toEqual(['documentFront', 'documentBack', 'face'])
    for (const attachment of Object.values(said.attachments)) {
      const bytes = new Uint8Array(await (await fetch(attachment.url)).arrayBuffer())
      expect(verifier.isTheFile(attachment, bytes)).toBe(true)
      expect(verifier.isTheFile(attachment, bytes.with(9, (bytes[9] ?? 0) ^ 1))).toBe(false)
    }
    expect(JSON.stringify(said)).toContain(id)
  }
})

test('it is for one application and unaltered, or it does not verify', async () => {
  const { resident, clientId, token } = await signedIn()
  await addVerification(portal.parts, resident.id)
  const { text } = await ask(token, '?signed=1')
  const { issuer } = portal
  await expect(verifier.verifyAnswer(text, { issuer, clientId: 'another' })).rejects.toThrow('aud')
  const [header, payload = '', signature] = text.split('.')
  const said = JSON.parse(Buffer.from(payload, 'base64url').toString())
  said.sub = crypto.randomUUID()
  const altered = Buffer.from(JSON.stringify(said)).toString('base64url')
  await expect(
    verifier.verifyAnswer([header, altered, signature].join('.'), { issuer, clientId }),
  ).rejects.toThrow('signature')
  // No token of ours is one of these, and none of these is a token.
  await expect(verifier.verifyAnswer(token, { issuer, clientId })).rejects.toThrow()
  expect((await ask(text)).text).toBe('{"error":"invalid_token"}')
})

test('nothing approved is signed too, and refusals are as ever', async () => {
  const { clientId, token } = await signedIn()
  const { text } = await ask(token, '?signed=1')
  const said = await verifier.verifyAnswer(text, { issuer: portal.issuer, clientId })
  expect(said).toMatchObject({ id_verification: { id: null, status: null }, attachments: {} })
  expect(decodeJwt(text).exp).toBeUndefined()
  const refused = await ask('x', '?signed=1')
  expect([refused.status, refused.text]).toEqual([401, '{"error":"invalid_token"}'])
})
