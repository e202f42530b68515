/** The names of the authorization server's endpoints in the request log, by oidc-provider's routes. What is not listed is not logged. */
export const LOGGED_ROUTES: Readonly<Record<string, string>> = {
  authorization: 'authorization',
  resume: 'authorization',
  pushed_authorization_request: 'pushed_authorization_request',
  device_authorization: 'device_authorization',
  code_verification: 'device',
  device_resume: 'device',
  token: 'token',
  userinfo: 'userinfo',
  introspection: 'introspection',
  revocation: 'revocation',
  end_session: 'end_session',
  end_session_confirm: 'end_session',
  end_session_success: 'end_session',
  registration: 'registration',
  client: 'registration',
  client_update: 'registration',
  client_delete: 'registration',
}

export const LOGGED_ENDPOINTS: readonly string[] = [...new Set(Object.values(LOGGED_ROUTES))]
