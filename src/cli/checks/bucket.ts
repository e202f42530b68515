import { createHash, randomBytes } from 'node:crypto'
import type { AppContext } from '../../context.ts'
import type { BucketSettings, Setting } from '../../platform/storage.ts'
import { type Check, Fault, Unknown } from './check.ts'
import { get } from './network.ts'

/** Writes an object, reads it in every way, and deletes it. */
export function bucketChecks({ storage }: Pick<AppContext, 'storage'>): Check[] {
  const key = `doctor/${randomBytes(8).toString('hex')}`
  const bytes = randomBytes(64)
  const sha256 = createHash('sha256').update(bytes).digest()

  async function presign(): Promise<URL> {
    const sign = await storage.signer()
    return new URL(sign(key, { expiresInSeconds: 60 }))
  }

  return [
    {
      check: 'bucket: write',
      why: 'images of documents cannot be stored; they wait',
      advice: 'check S3_BUCKET and that the credentials may put objects',
      async run() {
        await storage.put(key, bytes, { contentType: 'application/octet-stream', sha256 })
        return 'an object was written'
      },
    },
    {
      check: 'bucket: read',
      why: 'images cannot be checked or copied',
      advice: 'check that the credentials may get objects',
      async run() {
        if (!Buffer.from(await storage.get(key)).equals(bytes)) throw new Fault('other bytes')
        return 'it reads back unchanged'
      },
    },
    {
      check: 'bucket: presign',
      why: 'applications and residents cannot open images',
      advice: 'check S3_PUBLIC_ENDPOINT: it must reach the bucket from outside',
      async run() {
        const response = await get(await presign())
        if (!response.ok || !Buffer.from(await response.arrayBuffer()).equals(bytes))
          throw new Fault(`status ${response.status}`)
        return 'a presigned link opens it'
      },
    },
    {
      check: 'bucket: private',
      why: 'anyone who knows or guesses a key reads a passport',
      advice: 'turn on Block Public Access for the bucket',
      async run() {
        const bare = await presign()
        bare.search = ''
        const response = await get(bare)
        await response.body?.cancel()
        if (response.ok) throw new Fault('anyone can read it')
        return 'without a signature it stays closed'
      },
    },
    {
      check: 'bucket: delete',
      why: 'erased documents would stay',
      advice: 'check that the credentials may delete objects',
      async run() {
        await storage.delete(key)
        return 'it was deleted'
      },
    },
  ]
}

/** Reads how the bucket is set up, as docs/bucket.md says that it should be. */
export function bucketSettingChecks(given: {
  readSettings: () => Promise<BucketSettings>
  /** Whether the store is AWS itself, which has every setting. */
  isAws: boolean
}): Check[] {
  let settings: Promise<BucketSettings> | undefined
  const read = () => {
    settings ??= given.readSettings()
    return settings
  }
  return [
    {
      check: 'bucket: public access',
      why: 'a later policy or ACL could make documents public by mistake',
      advice: 'turn on all four flags of Block Public Access (docs/bucket.md)',
      async run() {
        const open = requireKnown((await read()).publicAccessFlagsOff)
        if (open.length > 0) throw new Fault(`off: ${open.join(', ')}`)
        return 'all four flags of Block Public Access are on'
      },
    },
    {
      check: 'bucket: policy',
      why: 'documents may be read by others, over connections without TLS, or by links that never end',
      advice: 'set the policy of docs/bucket.md',
      async run() {
        const policy = requireKnown((await read()).policy)
        if (policy === undefined) {
          if (given.isAws) throw new Fault('the bucket has no policy')
          throw new Unknown('the bucket has no policy; this store may not know the conditions')
        }
        return describePolicy(policy)
      },
    },
    {
      check: 'bucket: versioning',
      why: 'an object that is overwritten or deleted by mistake is lost at once',
      advice: 'turn on versioning; erasing still deletes every version',
      async run() {
        const versioning = requireKnown((await read()).versioning)
        if (versioning !== 'Enabled') throw new Fault(`versioning is ${versioning}`)
        return 'earlier versions are kept until they are erased'
      },
    },
    {
      check: 'bucket: lifecycle',
      why: 'images disappear, or can no longer be opened, while the database still lists them',
      advice: 'let no rule expire or archive current objects (docs/bucket.md)',
      async run() {
        const rules = requireKnown((await read()).lifecycle)
        const harmful = rules.filter(({ expires, archives }) => expires || archives)
        if (harmful.length > 0)
          throw new Fault(
            harmful
              .map(
                ({ id, expires }) =>
                  `the rule ${id} ${expires ? 'deletes current objects' : 'moves objects to an archive'}`,
              )
              .join(', '),
          )
        return rules.length === 0 ? 'no rule deletes anything' : 'no rule touches what is current'
      },
    },
  ]
}

/** Throws Unknown. */
function requireKnown<T>(setting: Setting<T>): T {
  if ('unknown' in setting) throw new Unknown(setting.unknown)
  return setting.value
}

type Statement = {
  Effect?: string
  Principal?: unknown
  Condition?: Record<string, Record<string, unknown>>
}

/** Throws Fault when the policy opens the bucket to everybody, or permits connections without TLS. */
function describePolicy(text: string): string {
  const { Statement = [] } = JSON.parse(text) as { Statement?: Statement | Statement[] }
  const statements = [Statement].flat()
  const isEverybody = ({ Principal }: Statement) =>
    Principal === '*' ||
    (typeof Principal === 'object' &&
      Principal !== null &&
      Object.values(Principal).flat().includes('*'))
  if (statements.some((each) => each.Effect === 'Allow' && isEverybody(each) && !each.Condition))
    throw new Fault('the policy opens the bucket to everybody')
  const deniesPlain = statements.some(
    ({ Effect, Condition }) =>
      Effect === 'Deny' && String(Condition?.Bool?.['aws:SecureTransport']) === 'false',
  )
  if (!deniesPlain) throw new Fault('the policy permits connections without TLS')
  return 'it opens the bucket to nobody else, and requires TLS'
}
