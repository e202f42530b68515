import { type CompleteConfig, loadConfig } from '../../src/config.ts'
import { randomSecret } from '../../src/platform/secrets.ts'

/** The environment of a process, as an operator sets it. */
export type Environment = Record<string, string>

/** The environment of the processes that share a database and a bucket, with keys of their own. */
export const createEnvironment = (given: {
  databaseUrl: string
  endpoint: string
  region: string
  bucket: string
  credentials: { accessKeyId: string; secretAccessKey: string }
}): Environment => ({
  PATH: process.env.PATH ?? '',
  PORT: '0',
  DATABASE_URL: given.databaseUrl,
  COOKIE_KEYS: randomSecret(),
  ENCRYPTION_KEY: randomSecret(),
  S3_ENDPOINT: given.endpoint,
  S3_REGION: given.region,
  S3_BUCKET: given.bucket,
  AWS_ACCESS_KEY_ID: given.credentials.accessKeyId,
  AWS_SECRET_ACCESS_KEY: given.credentials.secretAccessKey,
})

/** All requests of a test come from one address. */
export const UNLIMITED: Environment = {
  RATE_LIMIT_RESIDENT: '0',
  RATE_LIMIT_CLIENT: '0',
  RATE_LIMIT_NETWORK: '0',
  RATE_LIMIT_REFUSALS: '0',
}

/** The configuration of a process of this environment, with the credentials that the AWS SDK would find there. */
export function readEnvironment(env: Environment): CompleteConfig {
  const { database, s3, secrets, ...config } = loadConfig(env)
  if (!database || !s3 || !secrets) throw new Error('the environment is not complete')
  const { AWS_ACCESS_KEY_ID = '', AWS_SECRET_ACCESS_KEY = '' } = env
  const credentials = { accessKeyId: AWS_ACCESS_KEY_ID, secretAccessKey: AWS_SECRET_ACCESS_KEY }
  return { ...config, database, s3: { ...s3, credentials }, secrets }
}
