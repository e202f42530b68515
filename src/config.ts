import { resolve } from 'node:path'
import { z } from 'zod'
import { OperatorError } from './platform/errors.ts'
import type { KmsConfig } from './platform/kms.ts'
import { LOG_LEVELS } from './platform/log.ts'
import { isLoopback } from './platform/loopback.ts'
import type { MailConfig } from './platform/mail.ts'
import type { S3Config } from './platform/storage.ts'
import { isAddressRange } from './web/client-address.ts'

const url = (protocols: string[]) =>
  z.string().refine((value) => URL.canParse(value) && protocols.includes(new URL(value).protocol), {
    error: `must be a URL that begins with ${protocols.map((p) => `${p}//`).join(' or ')}`,
  })
const http = url(['http:', 'https:'])
const origin = http.refine((value) => URL.canParse(value) && isOrigin(value), {
  error: 'must be an origin, with no path, query or slash at the end',
})
const port = z
  .string()
  .regex(/^\d{1,5}$/, 'must be a number from 0 to 65535')
  .transform(Number)
const secretKeys = (bytes: number, what: string) =>
  z.string().transform((value, context) => {
    const keys = value.split(',').map((part) => Buffer.from(part.trim(), 'base64url'))
    if (keys.some((key) => key.length < bytes)) {
      context.addIssue({ code: 'custom', message: `must be ${what}` })
      return z.NEVER
    }
    return keys
  })

const list = (each: RegExp, error: string) =>
  z
    .string()
    .transform((value) => value.split(',').map((part) => part.trim()))
    .refine((parts) => parts.every((part) => each.test(part)), { error })

const addressRanges = z
  .string()
  .transform((value) => value.split(',').map((part) => part.trim()))
  .refine((list) => list.every(isAddressRange), {
    error: 'must be addresses or CIDR ranges, separated by commas',
  })

const limit = z
  .string()
  .regex(/^\d{1,9}$/, 'must be a number of requests a minute, or 0 for no limit')
  .transform(Number)

const schema = z.object({
  PORT: port.refine((value) => value <= 65535, 'must be a number from 0 to 65535').default(3000),
  HOST: z.string().min(1).default('127.0.0.1'),
  ISSUER: origin.optional(),
  DATABASE_URL: url(['postgres:', 'postgresql:']).optional(),
  MIGRATION_DATABASE_URL: url(['postgres:', 'postgresql:']).optional(),
  WEB_DATABASE_URL: url(['postgres:', 'postgresql:']).optional(),
  WORKER_DATABASE_URL: url(['postgres:', 'postgresql:']).optional(),
  S3_ENDPOINT: http.optional(),
  S3_PUBLIC_ENDPOINT: http.optional(),
  S3_REGION: z.string().min(1).default('us-east-1'),
  S3_BUCKET: z
    .string()
    .regex(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, 'must be a bucket name')
    .optional(),
  S3_FORCE_PATH_STYLE: z
    .enum(['true', 'false'], { error: 'must be true or false' })
    .default('true'),
  S3_KMS_KEY_ID: z
    .string()
    .regex(/^[\x21-\x7e]{1,2048}$/, 'must be the id or ARN of a key')
    .optional(),
  DATA_DIR: z.string().min(1).default('.data'),
  ROLE: z.enum(['web', 'worker', 'all'], { error: 'must be web, worker or all' }).default('all'),
  LOG_LEVEL: z
    .enum(LOG_LEVELS, { error: `must be one of ${LOG_LEVELS.join(', ')}` })
    .default('info'),
  MISSING_SCOPE_STATUS: z.enum(['401', '403'], { error: 'must be 401 or 403' }).default('401'),
  ALLOWED_HOSTS: list(
    /^([a-z0-9_-]+(\.[a-z0-9_-]+)*|\[[0-9a-f:.]+\])(:\d{1,5})?$/i,
    'must be host names, each with a port or without, separated by commas',
  ).optional(),
  TRUSTED_PROXIES: addressRanges.optional(),
  RATE_LIMIT_RESIDENT: limit.default(1_200),
  RATE_LIMIT_CLIENT: limit.default(60_000),
  RATE_LIMIT_NETWORK: limit.default(1_200),
  RATE_LIMIT_REFUSALS: limit.default(100),
  METRICS_PORT: port
    .refine((value) => value <= 65535, 'must be a number from 0 to 65535')
    .optional(),
  METRICS_HOST: z.string().min(1).default('127.0.0.1'),
  OUTBOUND_ALLOW: addressRanges.optional(),
  SMTP_URL: url(['smtp:', 'smtps:']).optional(),
  MAIL_FROM: z
    .string()
    .regex(
      /^([^<>\r\n]*<[^<>@\s]+@[^<>@\s]+>|[^<>@\s]+@[^<>@\s]+)$/,
      'must be an address: portal@example.org or Portal <portal@example.org>',
    )
    .optional(),
  SECURITY_CONTACT: list(
    /^(https:\/\/|tel:|mailto:[^@\s]+@)[^\s]+$/i,
    'must be addresses that begin with mailto:, https:// or tel:, separated by commas',
  ).optional(),
  COOKIE_KEYS: secretKeys(
    32,
    'one or more keys of 32 bytes or longer, base64url, separated by commas',
  ).optional(),
  ENCRYPTION_KEY: secretKeys(
    32,
    'one or more keys of 32 bytes, base64url, separated by commas',
  ).optional(),
  KMS_KEY_ID: list(
    /^[\x21-\x2b\x2d-\x7e]{1,2048}$/,
    'must be ids, ARNs or aliases of keys, newest first, separated by commas',
  ).optional(),
  KMS_ENDPOINT: http.optional(),
  NODE_ENV: z.string().optional(),
})

export type Config = Readonly<{
  port: number
  host: string
  /** The public origin; while `undefined`, `http://localhost:<port>` as soon as the port is known. */
  issuer: string | undefined
  production: boolean
  /** `undefined`: the embedded server. */
  databaseUrl: string | undefined
  /** Connects as the owner of the schema, for migrations; `undefined`: the user of `databaseUrl`. */
  migrationUrl: string | undefined
  /** Addresses of roles to which `migrate` grants the rights of one kind of process. */
  processUrls: { web?: string; worker?: string }
  /** `undefined`: the embedded server. */
  s3: S3Config | undefined
  dataDir: string
  role: 'web' | 'worker' | 'all'
  logLevel: (typeof LOG_LEVELS)[number]
  missingScopeStatus: 401 | 403
  /** Further hosts that requests may name, with or without a port. */
  allowedHosts: readonly string[]
  trustedProxies: readonly string[]
  /** Requests a minute to the resource API; 0 is no limit. */
  rateLimits: { perResident: number; perClient: number }
  /** For each minute and network, before authentication; 0 is no limit. */
  networkLimits: { requests: number; refusals: number }
  /** The address of the metrics; `undefined`: none. */
  metrics: { host: string; port: number } | undefined
  /** Internal addresses or CIDR ranges that may be called. */
  outboundAllow: readonly string[]
  /** Contacts for reports of vulnerabilities (RFC 9116); empty: there is no security.txt. */
  securityContacts: readonly string[]
  /** `undefined`: mails are stored in the local outbox. */
  mail: MailConfig | undefined
  /** `undefined`: data keys are wrapped with `ENCRYPTION_KEY`. */
  kms: KmsConfig | undefined
  /** `undefined`: generated, and stored in the data directory. */
  secrets: { cookieKeys: string[]; encryptionKeys: Uint8Array[] } | undefined
}>

/** Environment → one frozen Config. Throws one OperatorError that names every fault and prints no value. */
export function loadConfig(env: Record<string, string | undefined>): Config {
  // An empty variable (`FOO=` in a file) counts as not set.
  const present = Object.fromEntries(Object.entries(env).filter(([, value]) => value))
  const parsed = schema.safeParse(present)
  const faults = parsed.success
    ? []
    : parsed.error.issues.map((issue) => `${issue.path.join('.')} ${issue.message}`)
  const value = parsed.data

  if (value) {
    const production = value.NODE_ENV === 'production'
    if (production && !value.ISSUER) faults.push('ISSUER is required in production')
    if (production && value.ISSUER?.startsWith('http:') && !isLoopback(value.ISSUER))
      faults.push('ISSUER must be https: in production')
    if (production && !value.DATABASE_URL)
      faults.push(
        'DATABASE_URL is required in production: the embedded database is for one machine',
      )
    if (production && !value.S3_BUCKET)
      faults.push('S3_BUCKET is required in production: the embedded S3 server is for development')
    if (production && !value.SMTP_URL)
      faults.push('SMTP_URL is required in production: the outbox is for one machine')
    if (production) faults.push(...productionFaults(value))
    if (value.SMTP_URL && !value.MAIL_FROM) faults.push('MAIL_FROM is required with SMTP_URL')
    if (value.S3_ENDPOINT && !value.S3_BUCKET) faults.push('S3_BUCKET is required with S3_ENDPOINT')
    if (value.MIGRATION_DATABASE_URL && !value.DATABASE_URL)
      faults.push('DATABASE_URL is required with MIGRATION_DATABASE_URL')
    for (const name of ['WEB_DATABASE_URL', 'WORKER_DATABASE_URL'] as const)
      if (value[name] && !value.MIGRATION_DATABASE_URL)
        faults.push(`MIGRATION_DATABASE_URL is required with ${name}: \`migrate\` admits its role`)
    if (value.KMS_ENDPOINT && !value.KMS_KEY_ID)
      faults.push('KMS_KEY_ID is required with KMS_ENDPOINT')
    if (production && value.KMS_ENDPOINT?.startsWith('http:') && !isLoopback(value.KMS_ENDPOINT))
      faults.push('KMS_ENDPOINT must be https: in production')
    if (value.DATABASE_URL && !value.COOKIE_KEYS)
      faults.push(`COOKIE_KEYS is required with DATABASE_URL: ${HOW_TO_MAKE_A_KEY}`)
    if (value.DATABASE_URL && !value.ENCRYPTION_KEY)
      faults.push(`ENCRYPTION_KEY is required with DATABASE_URL: ${HOW_TO_MAKE_A_KEY}`)
    if (value.ENCRYPTION_KEY?.some((key) => key.length !== 32))
      faults.push('ENCRYPTION_KEY must be 32 bytes, base64url')
  }
  if (!value || faults.length > 0)
    throw new OperatorError(
      `The configuration has ${faults.length === 1 ? 'a fault' : `${faults.length} faults`}:\n${faults
        .map((fault) => `  ${fault}`)
        .join('\n')}`,
    )

  return Object.freeze({
    port: value.PORT,
    host: value.HOST,
    issuer: value.ISSUER ?? (value.PORT === 0 ? undefined : `http://localhost:${value.PORT}`),
    production: value.NODE_ENV === 'production',
    databaseUrl: value.DATABASE_URL,
    migrationUrl: value.MIGRATION_DATABASE_URL,
    processUrls: {
      ...(value.WEB_DATABASE_URL && { web: value.WEB_DATABASE_URL }),
      ...(value.WORKER_DATABASE_URL && { worker: value.WORKER_DATABASE_URL }),
    },
    s3: value.S3_BUCKET
      ? {
          endpoint: value.S3_ENDPOINT,
          publicEndpoint: value.S3_PUBLIC_ENDPOINT ?? value.S3_ENDPOINT,
          region: value.S3_REGION,
          bucket: value.S3_BUCKET,
          forcePathStyle: value.S3_FORCE_PATH_STYLE === 'true',
          kmsKeyId: value.S3_KMS_KEY_ID,
        }
      : undefined,
    dataDir: resolve(value.DATA_DIR),
    role: value.ROLE,
    logLevel: value.LOG_LEVEL,
    missingScopeStatus: value.MISSING_SCOPE_STATUS === '403' ? 403 : 401,
    allowedHosts: value.ALLOWED_HOSTS ?? [],
    trustedProxies: value.TRUSTED_PROXIES ?? [],
    rateLimits: {
      perResident: value.RATE_LIMIT_RESIDENT,
      perClient: value.RATE_LIMIT_CLIENT,
    },
    networkLimits: {
      requests: value.RATE_LIMIT_NETWORK,
      refusals: value.RATE_LIMIT_REFUSALS,
    },
    metrics:
      value.METRICS_PORT === undefined
        ? undefined
        : { host: value.METRICS_HOST, port: value.METRICS_PORT },
    outboundAllow: value.OUTBOUND_ALLOW ?? [],
    securityContacts: value.SECURITY_CONTACT ?? [],
    mail:
      value.SMTP_URL && value.MAIL_FROM
        ? { smtpUrl: value.SMTP_URL, from: value.MAIL_FROM }
        : undefined,
    kms: value.KMS_KEY_ID ? { keyIds: value.KMS_KEY_ID, endpoint: value.KMS_ENDPOINT } : undefined,
    secrets:
      value.COOKIE_KEYS && value.ENCRYPTION_KEY
        ? {
            cookieKeys: value.COOKIE_KEYS.map((key) => key.toString('base64url')),
            encryptionKeys: value.ENCRYPTION_KEY,
          }
        : undefined,
  })
}

/** Settings that send secrets or documents unencrypted, and keys that are not random. */
function productionFaults(value: z.infer<typeof schema>): string[] {
  const faults: string[] = []
  for (const name of ['S3_ENDPOINT', 'S3_PUBLIC_ENDPOINT'] as const) {
    const url = value[name]
    if (url?.startsWith('http:') && !isLoopback(url))
      faults.push(`${name} must be https: in production: documents travel over it`)
  }
  for (const name of [
    'DATABASE_URL',
    'MIGRATION_DATABASE_URL',
    'WEB_DATABASE_URL',
    'WORKER_DATABASE_URL',
  ] as const)
    if (value[name] !== undefined && !isEncryptedDatabase(value[name]))
      faults.push(
        `${name} must ask for TLS in production: add sslmode=verify-full, or sslmode=require where the server's certificate is not from a known authority`,
      )
  const seen = new Map<string, string>()
  for (const name of ['COOKIE_KEYS', 'ENCRYPTION_KEY'] as const)
    for (const key of value[name] ?? []) {
      if (new Set(key).size < MIN_DISTINCT_BYTES)
        faults.push(`${name} has a key that is not random: ${HOW_TO_MAKE_A_KEY}`)
      const text = key.toString('base64url')
      const before = seen.get(text)
      if (before === name) faults.push(`${name} names the same key twice`)
      else if (before !== undefined)
        faults.push(`${name} and ${before} must not share a key: ${HOW_TO_MAKE_A_KEY}`)
      seen.set(text, name)
    }
  return [...new Set(faults)]
}

// 32 random bytes practically never have fewer different values.
const MIN_DISTINCT_BYTES = 16

/** Whether every host of a database URL is this machine, or the URL requires TLS, as the PostgreSQL client reads it. */
function isEncryptedDatabase(value: string): boolean {
  const { hostname = '', searchParams } = URL.parse(value) ?? {}
  const isHere = (host: string) =>
    // A path is a socket file.
    host === '' || host.startsWith('%2F') || isLoopback(`http://${host}`)
  if (hostname.split(',').every(isHere)) return true
  const mode = searchParams?.get('sslmode') ?? searchParams?.get('ssl') ?? ''
  return (
    ['require', 'verify-ca', 'verify-full', 'true'].includes(mode) ||
    searchParams?.get('sslrootcert') === 'system'
  )
}

const HOW_TO_MAKE_A_KEY = 'make one with `openssl rand -base64 32 | tr "+/" "-_"`'

function isOrigin(value: string): boolean {
  return new URL(value).origin === value
}
