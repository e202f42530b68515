import { Hono } from 'hono'
import { z } from 'zod'
import { alertOperations, alertRoutes } from './alerts.ts'
import { type CaptureParts, captureOperations, captureRoutes } from './captures.ts'
import { operation } from './operation.ts'
import { asksJson, refuseOtherMethods } from './requests.ts'
import { resultOperations, resultRoutes } from './results.ts'
import { documentType, text } from './schemas.ts'
import { subjectOperations, subjectRoutes } from './subjects.ts'
import { vendorOperations, vendorRoutes } from './vendors.ts'
import { verificationOperations, verificationRoutes } from './verifications.ts'

const documentTypesSchema = z.object({
  documentTypes: z.array(z.object({ code: documentType, name: text })),
})
const DOCUMENT_TYPES: z.infer<typeof documentTypesSchema>['documentTypes'] = [
  { code: 'passport', name: 'Passport' },
  { code: 'national_id', name: 'National identity card' },
  { code: 'drivers_license', name: "Driver's licence" },
  { code: 'residence_permit', name: 'Residence permit' },
  { code: 'visa', name: 'Visa' },
  { code: 'other', name: 'Another document' },
]

const listDocumentTypes = operation({
  method: 'get',
  path: '/api/v1/idv/document-types',
  operationId: 'listDocumentTypes',
  records: [],
  summary: 'The kinds of documents there are',
  description: 'The same for every tenant and vendor.',
  scope: 'idv.read',
  answer: {
    status: 200,
    description: 'The kinds',
    schema: documentTypesSchema,
    example: { documentTypes: [{ code: 'passport', name: 'Passport' }] },
  },
})

export const backOfficeOperations = [
  ...verificationOperations,
  ...captureOperations,
  ...resultOperations,
  ...subjectOperations,
  ...alertOperations,
  ...vendorOperations,
  listDocumentTypes,
]

/** A tenant's back office (`docs/contract.md` §4): its own verifications and nobody else's, by client credentials. */
export function backOfficeRoutes(parts: CaptureParts): Hono {
  const { bearer } = parts
  const routes = new Hono()
  const { path, scope } = listDocumentTypes
  routes.get(path, bearer.requireService(scope), asksJson, (c) =>
    c.json({ documentTypes: DOCUMENT_TYPES }),
  )
  refuseOtherMethods(routes, path, 'GET, HEAD')
  routes.route('/', verificationRoutes(parts))
  routes.route('/', captureRoutes(parts))
  routes.route('/', resultRoutes(parts))
  routes.route('/', subjectRoutes(parts))
  routes.route('/', alertRoutes(parts))
  routes.route('/', vendorRoutes(parts))
  return routes
}
