import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { z } from 'zod'
import type { DatabaseConfig } from './platform/database-role.ts'
import type { PoolConfig } from './platform/db.ts'
import { findUnknownVariables, readSecretFiles, type Variables } from './platform/environment.ts'
import { OperatorError } from './platform/errors.ts'
import type { KmsConfig } from './platform/kms.ts'
import { LOG_LEVELS } from './platform/log.ts'
import { isLoopback } from './platform/loopback.ts'
import type { MailConfig } from './platform/mail.ts'
import type { MetricsConfig } from './platform/metrics.ts'
import type { TracingConfig } from './platform/otlp.ts'
import type { SecretsConfig } from './platform/secrets.ts'
import type { S3Config } from './platform/storage.ts'
import { isAddressRange, isRangeOfEveryone } from './web/client-address.ts'
import { type Colour, isColour } from './web/colours.ts'
import { isDisplayable, normalizeText } from './web/displayed-text.ts'
import type { NetworkLimits } from './web/network-limits.ts'
import { findAccentFault, readSiteLogo, type SiteConfig, type SiteLogo } from './web/site.ts'
import { isTimeZone } from './web/texts/formats.ts'
import { LOCALES, type Locale } from './web/texts/languages.ts'

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

// The word says that there is no proxy, so that nobody forgets to say whether there is one.
const proxies = z
  .string()
  .transform((value) => (value === 'none' ? [] : value.split(',').map((part) => part.trim())))
  .refine((list) => list.every(isAddressRange), {
    error: 'must be none, or addresses or CIDR ranges, separated by commas',
  })
  .refine((list) => !list.some(isRangeOfEveryone), {
    error:
      "has a range of everybody's addresses, who could then claim any address: name your proxies",
  })

const limit = z
  .string()
  .regex(/^\d{1,9}$/, 'must be a number of requests a minute, or 0 for no limit')
  .transform(Number)

const connections = (least: number) =>
  z
    .string()
    .regex(/^\d{1,4}$/, 'must be a number of connections')
    .transform(Number)
    .refine((value) => value >= least, `must be ${least} or more`)
// https://opentelemetry.io/docs/specs/otel/protocol/exporter/#specifying-headers-via-environment-variables
const otlpHeaders = z.string().transform((value, context) => {
  const pairs = value
    .split(',')
    .map((pair) => /^\s*([\w!#$%&'*+.^`|~-]+)\s*=\s*([!-~]*)\s*$/.exec(pair))
  try {
    return Object.fromEntries(
      pairs.map((pair) => [pair?.[1] ?? '', decodeURIComponent(pair?.[2] ?? '%')]),
    )
  } catch {
    context.addIssue({ code: 'custom', message: 'must be name=value, separated by commas' })
    return z.NEVER
  }
})

const shownText = (longest: number) =>
  z
    .string()
    .overwrite(normalizeText)
    .max(longest, `must have at most ${longest} characters`)
    .refine(isDisplayable, 'must be one line of ordinary text')

const accent = (scheme: 'light' | 'dark') =>
  z.string().transform((value, context): Colour => {
    const fault = isColour(value) ? findAccentFault(value, scheme) : 'must be a colour as #0f5c63'
    if (isColour(value) && !fault) return value
    context.addIssue({ code: 'custom', message: fault ?? '' })
    return z.NEVER
  })

const logoFile = z.string().transform((path, context): SiteLogo => {
  const logo = readLogoFile(path)
  if (typeof logo !== 'string') return logo
  context.addIssue({ code: 'custom', message: logo })
  return z.NEVER
})

function readLogoFile(path: string): SiteLogo | string {
  try {
    return readSiteLogo(readFileSync(path))
  } catch (error) {
    return `names a file that cannot be read (${(error as NodeJS.ErrnoException).code})`
  }
}

const schema = z.object({
  PORT: port.refine((value) => value <= 65535, 'must be a number from 0 to 65535').default(3000),
  HOST: z.string().min(1).default('127.0.0.1'),
  ISSUER: origin.optional(),
  DATABASE_URL: url(['postgres:', 'postgresql:']).optional(),
  MIGRATION_DATABASE_URL: url(['postgres:', 'postgresql:']).optional(),
  WEB_DATABASE_URL: url(['postgres:', 'postgresql:']).optional(),
  WORKER_DATABASE_URL: url(['postgres:', 'postgresql:']).optional(),
  DATABASE_POOLER: z.enum(['transaction'], { error: 'must be transaction, or not set' }).optional(),
  DATABASE_CONNECTIONS: connections(2).default(10),
  DATABASE_QUEUE_CONNECTIONS: connections(2).optional(),
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
  SANDBOX_PORT: port
    .refine((value) => value <= 65535, 'must be a number from 0 to 65535')
    .optional(),
  SANDBOX_ISSUER: origin.optional(),
  SANDBOX_DATABASE_URL: url(['postgres:', 'postgresql:']).optional(),
  SANDBOX_MIGRATION_DATABASE_URL: url(['postgres:', 'postgresql:']).optional(),
  SANDBOX_S3_BUCKET: z
    .string()
    .regex(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, 'must be a bucket name')
    .optional(),
  DATA_DIR: z.string().min(1).default('.data'),
  ROLE: z.enum(['web', 'worker', 'all'], { error: 'must be web, worker or all' }).default('all'),
  LOG_LEVEL: z
    .enum(LOG_LEVELS, { error: `must be one of ${LOG_LEVELS.join(', ')}` })
    .default('info'),
  DEFAULT_LOCALE: z.enum(LOCALES, { error: `must be one of ${LOCALES.join(', ')}` }).default('en'),
  DEFAULT_TIME_ZONE: z
    .string()
    .refine(isTimeZone, 'must be the name of a time zone: America/Tegucigalpa')
    .default('UTC'),
  PORTAL_NAME: shownText(60).optional(),
  PORTAL_LOGO: logoFile.optional(),
  PORTAL_COLOR: accent('light').optional(),
  PORTAL_COLOR_DARK: accent('dark').optional(),
  OPERATOR_NAME: shownText(200).optional(),
  OPERATOR_ADDRESS: shownText(400).optional(),
  CONTACT_EMAIL: z
    .string()
    .max(254)
    .regex(/^[^<>@\s]+@[^<>@\s]+$/, 'must be an address: help@example.org')
    .optional(),
  CONTACT_PHONE: z
    .string()
    .regex(/^\+[0-9][0-9 ()-]{4,30}$/, 'must be a number with its country: +504 2222 0000')
    .optional(),
  PRIVACY_POLICY_URL: http.optional(),
  MISSING_SCOPE_STATUS: z.enum(['401', '403'], { error: 'must be 401 or 403' }).default('401'),
  ALLOWED_HOSTS: list(
    /^([a-z0-9_-]+(\.[a-z0-9_-]+)*|\[[0-9a-f:.]+\])(:\d{1,5})?$/i,
    'must be host names, each with a port or without, separated by commas',
  ).optional(),
  TRUSTED_PROXIES: proxies.optional(),
  RATE_LIMIT_RESIDENT: limit.default(1_200),
  RATE_LIMIT_CLIENT: limit.default(60_000),
  RATE_LIMIT_NETWORK: limit.default(1_200),
  RATE_LIMIT_REFUSALS: limit.default(100),
  METRICS_PORT: port
    .refine((value) => value <= 65535, 'must be a number from 0 to 65535')
    .optional(),
  METRICS_HOST: z.string().min(1).default('127.0.0.1'),
  OTEL_EXPORTER_OTLP_ENDPOINT: http.optional(),
  OTEL_EXPORTER_OTLP_HEADERS: otlpHeaders.optional(),
  OTEL_SERVICE_NAME: z.string().min(1).default('identity-portal'),
  OTEL_TRACES_SAMPLER_ARG: z
    .string()
    .regex(/^(0(\.\d{1,9})?|1(\.0+)?)$/, 'must be a number from 0 to 1')
    .transform(Number)
    .default(1),
  SHUTDOWN_SECONDS: z
    .string()
    .regex(/^[1-9]\d{0,3}$/, 'must be a number of seconds from 1 to 9999')
    .transform(Number)
    .default(30),
  DRAIN_SECONDS: z
    .string()
    .regex(/^\d{1,4}$/, 'must be a number of seconds from 0 to 9999')
    .transform(Number)
    .optional(),
  KEEP_ALIVE_SECONDS: z
    .string()
    .regex(/^[1-9]\d{0,4}$/, 'must be a number of seconds from 1 to 99999')
    .transform(Number)
    // Google Cloud's load balancers keep an idle connection for 600 s, Caddy for 120, nginx and AWS's for 60.
    .default(620),
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
  AWS_ACCESS_KEY_ID: z.string().optional(),
  AWS_SECRET_ACCESS_KEY: z.string().optional(),
  NODE_ENV: z.string().optional(),
})

/** Each may also be given as the name of a file, `NAME_FILE`. */
export const SECRET_VARIABLES = [
  'DATABASE_URL',
  'MIGRATION_DATABASE_URL',
  'WEB_DATABASE_URL',
  'WORKER_DATABASE_URL',
  'SANDBOX_DATABASE_URL',
  'SANDBOX_MIGRATION_DATABASE_URL',
  'COOKIE_KEYS',
  'ENCRYPTION_KEY',
  'SMTP_URL',
  'OTEL_EXPORTER_OTLP_HEADERS',
  'AWS_ACCESS_KEY_ID',
  'AWS_SECRET_ACCESS_KEY',
] as const satisfies readonly (keyof typeof schema.shape)[]

/** Every variable that `loadConfig` reads. */
export const VARIABLES: readonly string[] = [
  ...Object.keys(schema.shape),
  ...SECRET_VARIABLES.map((name) => `${name}_FILE`),
]

// What begins like this is a variable of ours, or a mistake.
const NAMESPACES =
  /^(ALLOWED_HOST|CONTACT_(EMAIL|PHONE)|COOKIE_KEY|DATABASE_(CONN|POOL|QUEUE)|DEFAULT_(LOC|TIME)|DRAIN_|ENCRYPTION_KEY|KEEP_ALIVE_|KMS_|MAIL_FROM|METRICS_|(MIGRATION|WEB|WORKER)_DATABASE_|MISSING_SCOPE_|OPERATOR_(NAME|ADDR)|OUTBOUND_|PORTAL_(NAME|LOGO|COLOU?R)|PRIVACY_POLICY|RATE_LIMIT_|S3_|SANDBOX_|SECURITY_CONTACT|SHUTDOWN_|SMTP_|TRUSTED_)/

type Values = z.infer<typeof schema>

/** What the environment says. A slice that one consumer takes as a whole has the type that this consumer declares. */
export type Config = Readonly<{
  port: number
  host: string
  /** The public origin; while `undefined`, `http://localhost:<port>` as soon as the port is known. */
  issuer: string | undefined
  production: boolean
  /** `undefined`: the embedded server. */
  database: DatabaseConfig | undefined
  pools: PoolConfig
  /** `undefined`: the embedded server. */
  s3: S3Config | undefined
  /** `undefined`: generated, and stored in the data directory. */
  secrets: SecretsConfig | undefined
  dataDir: string
  role: 'web' | 'worker' | 'all'
  logLevel: (typeof LOG_LEVELS)[number]
  /** The language of pages and mails where neither the reader nor the application chose one. */
  defaultLocale: Locale
  /** How the portal is named and shown, and where its operator can be reached. */
  site: SiteConfig
  missingScopeStatus: 401 | 403
  /** Further hosts that requests may name, with or without a port. */
  allowedHosts: readonly string[]
  /** Addresses or CIDR ranges of proxies whose `X-Forwarded-For` counts. */
  trustedProxies: readonly string[]
  /** Requests a minute to the resource API; 0 is no limit. */
  rateLimits: { perResident: number; perClient: number }
  networkLimits: NetworkLimits
  /** `undefined`: no metrics. */
  metrics: MetricsConfig | undefined
  /** `undefined`: no traces. */
  tracing: TracingConfig | undefined
  /** After SIGTERM or SIGINT the process ends within this time, whatever does not answer. */
  shutdownSeconds: number
  /** Of this time, requests are served as before while `/health/ready` refuses, so that proxies send them elsewhere. */
  drainSeconds: number
  /** How long an idle connection stays open: longer than in the proxy, or it sends requests into closed ones. */
  keepAliveSeconds: number
  /** Internal addresses or CIDR ranges that may be called. */
  outboundAllow: readonly string[]
  /** Contacts for reports of vulnerabilities (RFC 9116); empty: there is no security.txt. */
  securityContacts: readonly string[]
  /** `undefined`: mails are stored in the local outbox. */
  mail: MailConfig | undefined
  /** `undefined`: data keys are wrapped with `ENCRYPTION_KEY`. */
  kms: KmsConfig | undefined
  /** `undefined`: there is no sandbox. */
  sandbox: SandboxConfig | undefined
  /** Whether this is the sandbox's own configuration: developers try their applications there, with invented people. */
  isSandbox: boolean
}>

/** What the sandbox does not share with the portal: an address, a database and a bucket of its own. */
type SandboxConfig = {
  port: number
  /** `undefined`: this machine, by a host name that the portal does not have. */
  issuer: string | undefined
  /** `undefined`: the embedded server. */
  database: DatabaseConfig | undefined
  /** `undefined`: the embedded server. */
  bucket: string | undefined
}

/** With the database, the bucket and the secrets of the embedded parts where the environment names none. */
export type CompleteConfig = Config &
  Readonly<{ database: DatabaseConfig; s3: S3Config; secrets: SecretsConfig }>

/**
 * Environment → one frozen Config; reads the files that `NAME_FILE` variables name. Throws one OperatorError that names every fault and
 * prints no value.
 */
export function loadConfig(env: Variables): Config {
  const { variables, faults: unreadable, unread } = readSecretFiles(env, SECRET_VARIABLES)
  // An empty variable (`FOO=` in a file) counts as not set.
  const present = Object.fromEntries(Object.entries(variables).filter(([, value]) => value))
  const { data: values, error } = schema.safeParse(present)
  const invalid = values
    ? RULES.flatMap((rule) => rule(values) ?? [])
    : error.issues.map((issue) => `${issue.path.join('.')} ${issue.message}`)
  const faults = [
    ...findUnknownVariables(env, VARIABLES, NAMESPACES).map(
      ({ name, nearest }) => `${name} is no variable of the portal: is it ${nearest}?`,
    ),
    ...unreadable,
    // That it is missing follows from the file that could not be read.
    ...invalid.filter((fault) => !unread.some((name) => fault.startsWith(`${name} `))),
  ]
  if (!values || faults.length > 0)
    throw new OperatorError(
      `The configuration has ${faults.length === 1 ? 'a fault' : `${faults.length} faults`}:\n${faults
        .map((fault) => `  ${fault}`)
        .join('\n')}`,
    )
  return Object.freeze(toConfig(values, credentialsInFiles(env, values)))
}

/** `undefined`: the AWS SDK finds them. It reads the environment, and none of our files. */
const credentialsInFiles = (env: Variables, values: Values) =>
  (env.AWS_ACCESS_KEY_ID_FILE || env.AWS_SECRET_ACCESS_KEY_FILE) &&
  values.AWS_ACCESS_KEY_ID &&
  values.AWS_SECRET_ACCESS_KEY
    ? { accessKeyId: values.AWS_ACCESS_KEY_ID, secretAccessKey: values.AWS_SECRET_ACCESS_KEY }
    : undefined

const toConfig = (values: Values, credentials: ReturnType<typeof credentialsInFiles>): Config => ({
  port: values.PORT,
  host: values.HOST,
  issuer: values.ISSUER ?? (values.PORT === 0 ? undefined : `http://localhost:${values.PORT}`),
  production: isProduction(values),
  database: values.DATABASE_URL
    ? {
        url: values.DATABASE_URL,
        migrationUrl: values.MIGRATION_DATABASE_URL,
        processUrls: {
          ...(values.WEB_DATABASE_URL && { web: values.WEB_DATABASE_URL }),
          ...(values.WORKER_DATABASE_URL && { worker: values.WORKER_DATABASE_URL }),
        },
      }
    : undefined,
  pools: {
    pooler: values.DATABASE_POOLER,
    role: values.ROLE,
    sizes: {
      general: values.DATABASE_CONNECTIONS,
      // A web process only enqueues, mostly on the connections of requests.
      queue: values.DATABASE_QUEUE_CONNECTIONS ?? (values.ROLE === 'web' ? 2 : 4),
      hotEndpoint: HOT_ENDPOINT_CONNECTIONS,
    },
  },
  s3: values.S3_BUCKET
    ? {
        endpoint: values.S3_ENDPOINT,
        publicEndpoint: values.S3_PUBLIC_ENDPOINT ?? values.S3_ENDPOINT,
        region: values.S3_REGION,
        bucket: values.S3_BUCKET,
        forcePathStyle: values.S3_FORCE_PATH_STYLE === 'true',
        kmsKeyId: values.S3_KMS_KEY_ID,
        credentials,
      }
    : undefined,
  secrets:
    values.COOKIE_KEYS && values.ENCRYPTION_KEY
      ? {
          cookieKeys: values.COOKIE_KEYS.map((key) => key.toString('base64url')),
          encryptionKeys: values.ENCRYPTION_KEY,
        }
      : undefined,
  dataDir: resolve(values.DATA_DIR),
  role: values.ROLE,
  logLevel: values.LOG_LEVEL,
  defaultLocale: values.DEFAULT_LOCALE,
  site: {
    name: values.PORTAL_NAME,
    logo: values.PORTAL_LOGO,
    colours: { light: values.PORTAL_COLOR, dark: values.PORTAL_COLOR_DARK },
    timeZone: values.DEFAULT_TIME_ZONE,
    contact: {
      operator: values.OPERATOR_NAME,
      address: values.OPERATOR_ADDRESS,
      email: values.CONTACT_EMAIL,
      phone: values.CONTACT_PHONE,
      policyUrl: values.PRIVACY_POLICY_URL,
    },
  },
  missingScopeStatus: values.MISSING_SCOPE_STATUS === '403' ? 403 : 401,
  allowedHosts: values.ALLOWED_HOSTS ?? [],
  trustedProxies: values.TRUSTED_PROXIES ?? [],
  rateLimits: { perResident: values.RATE_LIMIT_RESIDENT, perClient: values.RATE_LIMIT_CLIENT },
  shutdownSeconds: values.SHUTDOWN_SECONDS,
  drainSeconds: drainSeconds(values),
  keepAliveSeconds: values.KEEP_ALIVE_SECONDS,
  networkLimits: { requests: values.RATE_LIMIT_NETWORK, refusals: values.RATE_LIMIT_REFUSALS },
  metrics:
    values.METRICS_PORT === undefined
      ? undefined
      : { host: values.METRICS_HOST, port: values.METRICS_PORT },
  tracing: values.OTEL_EXPORTER_OTLP_ENDPOINT
    ? {
        endpoint: values.OTEL_EXPORTER_OTLP_ENDPOINT,
        headers: values.OTEL_EXPORTER_OTLP_HEADERS ?? {},
        serviceName: values.OTEL_SERVICE_NAME,
        ratio: values.OTEL_TRACES_SAMPLER_ARG,
      }
    : undefined,
  outboundAllow: values.OUTBOUND_ALLOW ?? [],
  securityContacts: values.SECURITY_CONTACT ?? [],
  mail:
    values.SMTP_URL && values.MAIL_FROM
      ? { smtpUrl: values.SMTP_URL, from: values.MAIL_FROM }
      : undefined,
  kms: values.KMS_KEY_ID
    ? { keyIds: values.KMS_KEY_ID, endpoint: values.KMS_ENDPOINT, credentials }
    : undefined,
  sandbox: readSandbox(values),
  isSandbox: false,
})

const readSandbox = (values: Values): SandboxConfig | undefined =>
  values.SANDBOX_PORT === undefined
    ? undefined
    : {
        port: values.SANDBOX_PORT,
        issuer: values.SANDBOX_ISSUER,
        database: values.SANDBOX_DATABASE_URL
          ? {
              url: values.SANDBOX_DATABASE_URL,
              migrationUrl: values.SANDBOX_MIGRATION_DATABASE_URL,
              processUrls: {},
            }
          : undefined,
        bucket: values.SANDBOX_S3_BUCKET,
      }

/** The sandbox's own configuration: the portal's, with what it does not share. It has few users, so it opens few connections. */
export function sandboxConfig(
  config: Config,
  sandbox: SandboxConfig,
  embedded?: Pick<Config, 'database' | 's3'>,
): Config {
  const s3 = config.s3 && sandbox.bucket ? { ...config.s3, bucket: sandbox.bucket } : embedded?.s3
  return Object.freeze({
    ...config,
    isSandbox: true,
    sandbox: undefined,
    port: sandbox.port,
    issuer: sandbox.issuer,
    database: sandbox.database ?? embedded?.database,
    s3,
    pools: { ...config.pools, sizes: { general: 4, queue: 2, hotEndpoint: 1 } },
    metrics: undefined,
    tracing: undefined,
    // Personas have no mailbox.
    mail: undefined,
  })
}

// The hot endpoint has its own connections, with one statement each at a time.
const HOT_ENDPOINT_CONNECTIONS = 2

const isProduction = (values: Values) => values.NODE_ENV === 'production'

// A proxy that asks every second or two has noticed after five; nobody waits for it on one machine.
const drainSeconds = (values: Values) => values.DRAIN_SECONDS ?? (isProduction(values) ? 5 : 0)

/** Returns what is wrong with a variable because of another, or because of production. */
type Rule = (values: Values) => string | readonly string[] | undefined
type EndpointVariable =
  | 'ISSUER'
  | 'SANDBOX_ISSUER'
  | 'S3_ENDPOINT'
  | 'S3_PUBLIC_ENDPOINT'
  | 'KMS_ENDPOINT'
type DatabaseVariable =
  | 'DATABASE_URL'
  | 'MIGRATION_DATABASE_URL'
  | 'WEB_DATABASE_URL'
  | 'WORKER_DATABASE_URL'
  | 'SANDBOX_DATABASE_URL'
  | 'SANDBOX_MIGRATION_DATABASE_URL'

const withReason = (fault: string, reason: string | undefined) =>
  reason ? `${fault}: ${reason}` : fault

const requiredInProduction =
  (name: keyof Values, reason?: string): Rule =>
  (values) =>
    isProduction(values) && !values[name]
      ? withReason(`${name} is required in production`, reason)
      : undefined

const requiredWith =
  (name: keyof Values, other: keyof Values, reason?: string): Rule =>
  (values) =>
    values[other] && !values[name]
      ? withReason(`${name} is required with ${other}`, reason)
      : undefined

const httpsInProduction =
  (name: EndpointVariable, reason?: string): Rule =>
  (values) =>
    isProduction(values) && values[name]?.startsWith('http:') && !isLoopback(values[name])
      ? withReason(`${name} must be https: in production`, reason)
      : undefined

const tlsInProduction =
  (name: DatabaseVariable): Rule =>
  (values) =>
    isProduction(values) && values[name] !== undefined && !isEncryptedDatabase(values[name])
      ? `${name} must ask for TLS in production: add sslmode=verify-full, or sslmode=require where the server's certificate is not from a known authority`
      : undefined

const HOW_TO_MAKE_A_KEY = 'make one with `openssl rand -base64 32 | tr "+/" "-_"`'
const WHY_PROCESS_ROLES = '`migrate` admits its role'

const RULES: readonly Rule[] = [
  requiredInProduction('ISSUER'),
  httpsInProduction('ISSUER'),
  requiredInProduction('DATABASE_URL', 'the embedded database is for one machine'),
  requiredInProduction('S3_BUCKET', 'the embedded S3 server is for development'),
  requiredInProduction('SMTP_URL', 'the outbox is for one machine'),
  httpsInProduction('S3_ENDPOINT', 'documents travel over it'),
  httpsInProduction('S3_PUBLIC_ENDPOINT', 'documents travel over it'),
  tlsInProduction('DATABASE_URL'),
  tlsInProduction('MIGRATION_DATABASE_URL'),
  tlsInProduction('WEB_DATABASE_URL'),
  tlsInProduction('WORKER_DATABASE_URL'),
  randomKeysInProduction,
  (values) =>
    drainSeconds(values) >= values.SHUTDOWN_SECONDS
      ? 'DRAIN_SECONDS (5 in production where it is not set) must be less than SHUTDOWN_SECONDS: what is under way needs time after it'
      : undefined,
  (values) =>
    isProduction(values) && values.ROLE !== 'worker' && !values.TRUSTED_PROXIES
      ? 'TRUSTED_PROXIES is required in production: the addresses of your proxies, or none'
      : undefined,
  requiredWith('AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY'),
  requiredWith('AWS_SECRET_ACCESS_KEY', 'AWS_ACCESS_KEY_ID'),
  requiredWith('MAIL_FROM', 'SMTP_URL'),
  requiredWith('S3_BUCKET', 'S3_ENDPOINT'),
  requiredWith('DATABASE_URL', 'MIGRATION_DATABASE_URL'),
  requiredWith('MIGRATION_DATABASE_URL', 'WEB_DATABASE_URL', WHY_PROCESS_ROLES),
  requiredWith('MIGRATION_DATABASE_URL', 'WORKER_DATABASE_URL', WHY_PROCESS_ROLES),
  requiredWith('OTEL_EXPORTER_OTLP_ENDPOINT', 'OTEL_EXPORTER_OTLP_HEADERS'),
  requiredWith('KMS_KEY_ID', 'KMS_ENDPOINT'),
  httpsInProduction('KMS_ENDPOINT'),
  ...(
    [
      'SANDBOX_ISSUER',
      'SANDBOX_DATABASE_URL',
      'SANDBOX_MIGRATION_DATABASE_URL',
      'SANDBOX_S3_BUCKET',
    ] as const
  ).map((name) => requiredWith('SANDBOX_PORT', name)),
  sandboxOfItsOwn('SANDBOX_DATABASE_URL', 'DATABASE_URL'),
  sandboxOfItsOwn('SANDBOX_S3_BUCKET', 'S3_BUCKET'),
  (values) =>
    values.SANDBOX_PORT && values.SANDBOX_PORT === values.PORT
      ? 'SANDBOX_PORT must be another port than PORT'
      : undefined,
  // Browsers send cookies to every port of a host.
  (values) =>
    values.SANDBOX_ISSUER && hostOf(values.SANDBOX_ISSUER) === hostOf(values.ISSUER)
      ? 'SANDBOX_ISSUER must have another host than ISSUER'
      : undefined,
  (values) =>
    isProduction(values) && values.SANDBOX_PORT !== undefined && !values.SANDBOX_ISSUER
      ? 'SANDBOX_ISSUER is required in production with SANDBOX_PORT'
      : undefined,
  httpsInProduction('SANDBOX_ISSUER'),
  tlsInProduction('SANDBOX_DATABASE_URL'),
  tlsInProduction('SANDBOX_MIGRATION_DATABASE_URL'),
  requiredWith('SANDBOX_DATABASE_URL', 'SANDBOX_MIGRATION_DATABASE_URL'),
  requiredWith('COOKIE_KEYS', 'DATABASE_URL', HOW_TO_MAKE_A_KEY),
  requiredWith('ENCRYPTION_KEY', 'DATABASE_URL', HOW_TO_MAKE_A_KEY),
  ({ ENCRYPTION_KEY = [] }) =>
    ENCRYPTION_KEY.some((key) => key.length !== 32)
      ? 'ENCRYPTION_KEY must be 32 bytes, base64url'
      : undefined,
]

const hostOf = (issuer = 'http://localhost') => new URL(issuer).hostname

/** What is invented is never stored beside what is true: the sandbox has its own, wherever the portal's is named. */
function sandboxOfItsOwn(
  name: 'SANDBOX_DATABASE_URL' | 'SANDBOX_S3_BUCKET',
  portals: 'DATABASE_URL' | 'S3_BUCKET',
): Rule {
  return (values) => {
    if (values.SANDBOX_PORT === undefined) return undefined
    if (Boolean(values[name]) !== Boolean(values[portals]))
      return `${values[name] ? portals : name} is required with SANDBOX_PORT and ${values[name] ? name : portals}`
    return values[name] !== undefined && values[name] === values[portals]
      ? `${name} must be another than ${portals}`
      : undefined
  }
}

/** Finds keys that are not random, and keys that are used twice. */
function randomKeysInProduction(values: Values): string[] {
  if (!isProduction(values)) return []
  const faults = new Set<string>()
  const seen = new Map<string, string>()
  for (const name of ['COOKIE_KEYS', 'ENCRYPTION_KEY'] as const)
    for (const key of values[name] ?? []) {
      if (new Set(key).size < MIN_DISTINCT_BYTES)
        faults.add(`${name} has a key that is not random: ${HOW_TO_MAKE_A_KEY}`)
      const text = key.toString('base64url')
      const before = seen.get(text)
      if (before === name) faults.add(`${name} names the same key twice`)
      else if (before !== undefined)
        faults.add(`${name} and ${before} must not share a key: ${HOW_TO_MAKE_A_KEY}`)
      seen.set(text, name)
    }
  return [...faults]
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

function isOrigin(value: string): boolean {
  return new URL(value).origin === value
}
