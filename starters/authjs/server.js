import { Auth } from '@auth/core'
import { getToken } from '@auth/core/jwt'
import { serve } from '@hono/node-server'
import { Hono } from 'hono'

const { ISSUER, CLIENT_ID, CLIENT_SECRET, AUTH_SECRET, PORT = '4000' } = process.env

const config = {
  basePath: '/auth',
  secret: AUTH_SECRET,
  trustHost: true,
  providers: [
    {
      id: 'portal',
      name: 'the identity portal',
      type: 'oidc',
      issuer: ISSUER,
      clientId: CLIENT_ID,
      clientSecret: CLIENT_SECRET,
      checks: ['pkce', 'state', 'nonce'],
      authorization: {
        params: { scope: 'openid offline_access eprospera:person.id_verification.read' },
      },
      profile: ({ sub }) => ({ id: sub }),
    },
  ],
  callbacks: {
    // The tokens stay in Auth.js's own cookie, which it encrypts. To refresh, follow its guide on rotation.
    jwt: ({ token, account }) =>
      account ? { ...token, accessToken: account.access_token } : token,
    redirect: ({ baseUrl }) => `${baseUrl}/`,
  },
}

const app = new Hono()
app.all('/auth/*', (c) => Auth(c.req.raw, config))
app.get('/', async (c) => {
  const token = await getToken({ req: c.req.raw, secret: AUTH_SECRET })
  if (!token) return c.redirect('/auth/signin')
  const url = new URL('/api/v1/me/natural-person/id-verification', ISSUER)
  const answer = await fetch(url, { headers: { Authorization: `Bearer ${token.accessToken}` } })
  // Revoked or expired: sign in again.
  if (answer.status === 401) return c.redirect('/auth/signin')
  return c.json(await answer.json(), answer.status)
})

serve({ fetch: app.fetch, port: Number(PORT) }, () =>
  console.log(`listening on http://localhost:${PORT}`),
)
