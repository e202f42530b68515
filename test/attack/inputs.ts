import { createHmac, randomUUID } from 'node:crypto'
import { setVendorIntegration } from '../../src/id-verification/vendors/vendors.ts'
import {
  drawNoise,
  exifSegment,
  GPS,
  jpegSegment,
  nestedHeic,
  TAILS,
  withSegments,
  withTail,
} from '../support/images.ts'
import {
  API,
  addClient,
  addResident,
  basic,
  callApi,
  connect,
  deliver,
  deliverBody,
  eventually,
  newNetwork,
  send,
  startSession,
  type Tokens,
} from './people.ts'
import { type Attack, control, judge } from './runner.ts'
import type { Target } from './target.ts'
import { signatureOf, signDecision } from './vendor.ts'

type Picture = { contentType: string; bytes: Buffer }

/** Gets a verification with these images approved. Returns every copy of the front that an application can get. */
async function readBack(target: Target, images: Record<string, Uint8Array>) {
  const { resident, tokens } = await connect(target)
  const session = await startSession(target, resident)
  target.vendor.setImages(session.sessionId, images)
  const state = await deliver(target, session)
  control(state === 'applied', 'the decision is applied')
  // Makes retries due at once.
  const hurrying = setInterval(() => {
    void target.parts.db`
      update pgboss.job set start_after = now()
      where name = 'backup-image' and state = 'created' and start_after > now()`.catch(() => {})
  }, 200)
  try {
    await eventually(
      'each picture is stored or refused for good',
      async () => {
        const [row] = await target.parts.db<{ count: number }[]>`
          select count(*)::int as count from image
          where verification_id = ${session.id} and state in ('stored', 'refused')`
        return row?.count === Object.keys(images).length
      },
      25,
    )
  } finally {
    clearInterval(hurrying)
  }
  const token = tokens.access_token
  const { body } = await callApi(target.issuer, token)
  const links = Object.values((body.documents ?? {}) as Record<string, string | null>)
  const list = await callApi(target.issuer, token, `${API}/images`)
  const ids = ((list.body.images ?? []) as { id: string }[]).map(
    ({ id }) => `${API}/images/${id}/content`,
  )
  const pictures: Picture[] = []
  for (const url of links.filter((link) => link !== null))
    pictures.push(await readPicture(await fetch(url)))
  for (const path of ids) {
    const headers = { Authorization: `Bearer ${token}` }
    pictures.push(await readPicture(await send(`${target.issuer}${path}`, { headers })))
  }
  return pictures
}

const readPicture = async (answer: Response): Promise<Picture> => ({
  contentType: answer.headers.get('content-type') ?? '',
  bytes: Buffer.from(await answer.arrayBuffer()),
})

const drawJpeg = (seed: number) => drawNoise({ width: 90, height: 60, seed }).jpeg().toBuffer()

/** A Kora or Incode integration of the operator, and its webhook address. */
async function addVendor(
  target: Target,
  given: { vendor: string; settings: string[]; webhookSecret?: string },
) {
  const name = `v-${randomUUID().slice(0, 8)}`
  const secret: string = randomUUID()
  await setVendorIntegration(target.parts.db, target.parts.sealer, {
    name,
    baseUrl: 'http://127.0.0.1:9',
    apiKey: randomUUID(),
    secret,
    ...given,
  })
  const url = `${target.issuer}/webhooks/${given.vendor}/${name}`
  const post = async (body: string, headers: Record<string, string> = {}) =>
    (await send(url, { method: 'POST', body, headers })).status
  return { secret, post }
}

async function tryDeliveries(tries: Record<string, Promise<number>>) {
  const taken: string[] = []
  for (const [what, status] of Object.entries(tries)) {
    const answered = await status
    if (answered !== 401) taken.push(`${what} (${answered})`)
  }
  return judge([taken.length > 0, `not refused: ${taken.join(', ')}`])
}

export const inputAttacks: Attack<Target>[] = [
  {
    area: 'inputs',
    name: 'a delivery without Veriff’s signature is accepted',
    async run(target) {
      const resident = await addResident(target)
      const session = await startSession(target, resident)
      const { own } = target.vendor
      const { body, headers } = signDecision(session, own)
      const post = async (given: Record<string, string>, sent = body) =>
        (
          await send(`${target.issuer}/webhooks/veriff`, {
            method: 'POST',
            body: sent,
            headers: { 'x-auth-client': own.apiKey, ...given },
          })
        ).status
      const { 'x-hmac-signature': right } = headers
      const verdict = await tryDeliveries({
        'no signature': post({}),
        'an empty one': post({ 'x-hmac-signature': '' }),
        'a wrong one': post({ 'x-hmac-signature': 'f'.repeat(64) }),
        'half of it': post({ 'x-hmac-signature': right.slice(0, 32) }),
        'of another secret': post(signatureOf(body, { ...own, secret: 'x' })),
        'of another body': post(headers, body.replace('ANA', 'EVA')),
        'of another client': post({ ...headers, 'x-auth-client': randomUUID() }),
        'two that differ': post({ ...headers, 'vrf-hmac-signature': 'f'.repeat(64) }),
        'the old algorithm': post({
          'x-signature': createHmac('sha256', own.secret).update(body).digest('hex'),
        }),
      })
      control((await post(headers)) === 200, 'the signed delivery is taken')
      return verdict
    },
  },
  {
    area: 'inputs',
    name: 'a delivery that Kora did not sign, or signed an hour ago, is accepted',
    async run(target) {
      const { post, secret } = await addVendor(target, {
        vendor: 'kora',
        settings: ['tenantId=t', 'captureUrl=https://capture.test/?id='],
      })
      const body = JSON.stringify({ id: randomUUID() })
      const now = Math.floor(Date.now() / 1000)
      const sign = (at: number, key = secret) => ({
        'x-timestamp': String(at),
        'x-signature': createHmac('sha256', key).update(`${at}.${body}`).digest('hex'),
      })
      control((await post(body, sign(now))) === 200, 'the signed delivery is taken')
      return tryDeliveries({
        'no signature': post(body),
        'of another secret': post(body, sign(now, 'x')),
        'an hour old': post(body, sign(now - 3600)),
        'an hour ahead': post(body, sign(now + 3600)),
        'another time': post(body, { ...sign(now - 3600), 'x-timestamp': String(now) }),
        'without its time': post(body, { 'x-signature': sign(now)['x-signature'] }),
        'another algorithm': post(body, { ...sign(now), 'x-signature-algorithm': 'none' }),
        'the old header': post(body, {
          'x-kora-signature': createHmac('sha256', secret).update(body).digest('hex'),
        }),
      })
    },
  },
  {
    area: 'inputs',
    name: 'a delivery for Incode with another service’s token, a resident’s token or none is accepted',
    async run(target) {
      const given = { type: 'service' as const, scope: 'webhook.incode' }
      const [client, other] = [await addClient(target, given), await addClient(target, given)]
      const office = await addClient(target, { type: 'service', scope: 'idv.read' })
      const tokenOf = async (of: typeof client) => {
        const answer = await send(`${target.issuer}/api/oauth/token`, {
          method: 'POST',
          headers: basic(of),
          body: new URLSearchParams({ grant_type: 'client_credentials' }),
        })
        return ((await answer.json()) as Tokens).access_token
      }
      const { post } = await addVendor(target, {
        vendor: 'incode',
        settings: ['executiveEmail=executive@example.test', `webhookClientId=${client.client_id}`],
      })
      const body = JSON.stringify({
        interviewId: randomUUID(),
        onboardingStatus: 'ONBOARDING_FINISHED',
      })
      const bearer = (token: string) => ({ Authorization: `Bearer ${token}` })
      control((await post(body, bearer(await tokenOf(client)))) === 200, 'its own token is taken')
      const { tokens } = await connect(target)
      return tryDeliveries({
        'no token': post(body),
        'another client': post(body, bearer(await tokenOf(other))),
        'a back office': post(body, bearer(await tokenOf(office))),
        'a resident’s application': post(body, bearer(tokens.access_token)),
        'a client’s secret': post(body, basic(client)),
        'a static header': post(body, { 'X-Portal-Key': 'x' }),
      })
    },
  },
  {
    area: 'inputs',
    name: 'a delivery for Mosaic, which sends none, is accepted',
    async run(target) {
      const { post } = await addVendor(target, { vendor: 'mosaic', settings: [] })
      return tryDeliveries({
        'any delivery': post('{}'),
        signed: post('{}', { 'x-signature': 'x' }),
      })
    },
  },
  {
    area: 'inputs',
    name: 'a signed delivery that contains a NUL is retried for ever, or answered with an error',
    async run(target) {
      const session = await startSession(target, await addResident(target))
      const states = [
        await deliver(target, session, { attemptId: 'a\u0000b' }),
        await deliver(target, session, { reason: 'a\u0000b' }),
        await deliver(target, session, { person: { firstName: 'A\u0000NA', lastName: 'MEJIA' } }),
      ]
      // A name may be omitted, and a reason is sealed unchanged; an id cannot be stored.
      return judge(
        [states[0] !== 'quarantined', `ended as ${states.join(', ')}`],
        [states.includes('failed'), 'it failed'],
      )
    },
  },
  {
    area: 'inputs',
    name: 'a signed delivery with a duplicate key is applied with the last value',
    async run(target) {
      const session = await startSession(target, await addResident(target))
      const { own } = target.vendor
      const { body } = signDecision(session, own, { status: 'declined' })
      const states: string[] = []
      for (const second of ['"status":"approved"', '"st\\u0061tus":"approved"']) {
        const doubled = body.replace('"status":"declined"', `"status":"declined",${second}`)
        control(doubled !== body, 'the body has a key twice')
        states.push(await deliverBody(target, doubled, signatureOf(doubled, own)))
      }
      const { status } = await target.run<{ status: string }>('verification', 'show', session.id)
      return judge(
        [status !== 'pending', `the verification is ${status}`],
        [states.includes('applied'), 'the delivery is applied'],
      )
    },
  },
  {
    area: 'inputs',
    name: 'a vendor that repeats a session id confuses two residents',
    async run(target) {
      const again = await target.vendor.addIntegration({ sessionId: randomUUID() })
      const first = await startSession(target, await addResident(target), again.name)
      const started = await startSession(target, await addResident(target), again.name).then(
        () => true,
        (error: Error) => !/exists already/.test(error.message),
      )
      const state = await deliver(target, first, {}, again)
      const { status } = await target.run<{ status: string }>('verification', 'show', first.id)
      control(state === 'applied' && status === 'approved', 'the first session is decided')
      return judge([started, 'the second session is started, or fails without a reason'])
    },
  },
  {
    area: 'inputs',
    name: 'a delivery that is too large, compressed or nested deep is stored, or breaks a process',
    async run(target) {
      const { own } = target.vendor
      const post = async (body: string, headers: Record<string, string> = {}) =>
        (
          await send(`${target.webs[0]}/webhooks/veriff`, {
            method: 'POST',
            body,
            headers: { ...signatureOf(body, own), ...headers },
          })
        ).status
      const large = await post('x'.repeat(1024 * 1024 + 1))
      const compressed = await post('{}', { 'content-encoding': 'gzip' })
      const deep = '['.repeat(50_000)
      const state = await deliverBody(target, deep, signatureOf(deep, own))
      return judge(
        [large !== 413, `a large one is answered ${large}`],
        [compressed !== 415, `a compressed one is answered ${compressed}`],
        [state !== 'quarantined', `a deep one ends as ${state}`],
      )
    },
  },
  {
    area: 'inputs',
    name: 'an image that is also a web page or an archive, or contains a location, is disclosed unchanged',
    async run(target) {
      const plain = await drawJpeg(1)
      const front = withTail(
        withSegments(plain, exifSegment(6), jpegSegment(0xfe, GPS)),
        TAILS['an archive'],
      )
      const pictures = await readBack(target, {
        'document-front': front,
        'document-back': withTail(await drawJpeg(2), TAILS['a web page']),
        face: withTail(await drawNoise({ seed: 3 }).png().toBuffer(), TAILS['a document']),
      })
      control(pictures.length === 6, `three pictures are handed out (${pictures.length} answers)`)
      const hidden = [GPS, 'PK\x03\x04', '<script', '%PDF', 'Exif\0\0N']
      const found = hidden.filter((each) => pictures.some(({ bytes }) => bytes.includes(each)))
      return judge(
        [found.length > 0, `${found.length} of ${hidden.length} hidden things are handed out`],
        [pictures.some(({ contentType }) => !/^image\//.test(contentType)), 'not as a picture'],
      )
    },
  },
  {
    area: 'inputs',
    name: 'a truncated image, or a page or nested boxes instead of an image, is disclosed',
    async run(target) {
      const whole = await drawJpeg(4)
      const half = Buffer.concat([whole.subarray(0, -400), Buffer.from([0xff, 0xd9])])
      const pictures = await readBack(target, {
        'document-front': half,
        'document-back': Buffer.from('<!doctype html><script>alert(1)</script>'),
        'document-front-pre': nestedHeic(5_000),
        face: whole,
      })
      control(
        pictures.some(({ bytes }) => bytes.equals(whole)),
        'the whole picture is handed out',
      )
      const strange = pictures.filter(
        ({ contentType, bytes }) => /^image\//.test(contentType) && !bytes.equals(whole),
      )
      return judge([strange.length > 0, `${strange.length} of them are handed out`])
    },
  },
  {
    area: 'inputs',
    name: 'a malformed request to any address causes a server error',
    async run(target) {
      const broken: string[] = []
      const paths = [
        '/%00',
        '/%ff',
        '/applications/%00/logo',
        '/interaction/%00',
        '/device?user_code=%00',
        '/reset/%00',
        '/link/%00',
        '/not-me/%00',
        '/api/oauth/authorize?client_id=%00&redirect_uri=%00',
        '/api/oauth/authorize?client_id[]=x',
        '/api/oauth/token',
        '/api/oauth/register/%00',
        '/api/oauth/end_session?id_token_hint=%00',
        API,
        '/api/v1/idv/verifications/%00',
        '/webhooks/x/y',
      ]
      const bodies: [string, string][] = [
        [
          'application/x-www-form-urlencoded',
          'grant_type=authorization_code&client_id=%00&code=%00',
        ],
        ['application/json', '{"redirect_uris":5,"__proto__":{"x":1},"client_id":"\\u0000"}'],
        ['multipart/form-data; boundary=x', '--x\r\n\r\n\0\r\n--x--'],
      ]
      for (const web of target.webs)
        for (const path of paths) {
          const get = await send(`${web}${path}`, { headers: { Accept: 'text/html' } })
          if (get.status >= 500) broken.push(`GET ${path} ${get.status}`)
          for (const [type, body] of bodies) {
            const headers = { 'Content-Type': type, ...newNetwork() }
            const post = await send(`${web}${path}`, { method: 'POST', headers, body })
            if (post.status >= 500) broken.push(`POST ${path} ${post.status}`)
          }
        }
      return judge([
        broken.length > 0,
        `${broken.length} answers of 500 and more: ${[...new Set(broken)].join(', ')}`,
      ])
    },
  },
]
