export { createIdentityPortal, type IdentityPortal } from './api.ts'
export { type PortalEvent, verifyWebhook } from './events.ts'
export type { components, paths } from './schema.ts'
export {
  type Application,
  connectToPortal,
  type PortalConnection,
  type SecurityEvent,
  type Session,
  type SignIn,
  type Tokens,
} from './sign-in.ts'

import type { components } from './schema.ts'

export type IdVerification = components['schemas']['IdVerification']
export type NaturalPerson = components['schemas']['NaturalPerson']
export type Verification = components['schemas']['Verification']
