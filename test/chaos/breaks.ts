import { cp, readFile, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { VendorName } from '../../src/id-verification/vendors/vendor-names.ts'

/** One guarantee that is broken on purpose by a plausible bug, which the checker must find. */
type Break = {
  what: string
  file: string
  from: string
  to: string
  /** The fault that reveals it, which is injected more often than the others. */
  focus: string
  /** The vendor whose sessions reveal it. */
  vendor?: VendorName
}

export const BREAKS: Record<string, Break> = {
  'answer-first': {
    what: 'deliveries are answered before they are stored',
    file: 'id-verification/webhook.ts',
    from: 'await orUnavailable(async () => {',
    to: 'void orUnavailable(async () => {\n      await new Promise((done) => setTimeout(done, 2_000))',
    focus: 'kill -9 of a web process',
  },
  'any-signature': {
    what: 'signatures are not looked at',
    file: 'id-verification/webhook.ts',
    from: 'if (!isGenuine) {',
    to: 'if (!isGenuine && body.length === 0) {',
    focus: 'deliveries are lost, doubled, late and forged',
  },
  'order-of-arrival': {
    what: 'the decision that comes last holds, not the one that was made last',
    file: 'id-verification/status.ts',
    from: 'if (a !== b) return a > b',
    to: 'if (a !== b) return true',
    focus: 'deliveries are lost, doubled, late and forged',
  },
  'stale-answer': {
    what: 'an answer counts although a newer one overtook it',
    file: 'id-verification/reconcile.ts',
    from: 'if (!counted) return false',
    to: '',
    focus: 'the wires to the vendors are slow',
    vendor: 'incode',
  },
  'half-image': {
    what: 'neither the length nor the signature of an image is held against it',
    file: 'id-verification/backup.ts',
    from: 'const prepared = await context.decoder.prepare(bytes)\n  if',
    to: "const prepared: PreparedImage = { kind: 'jpeg', clean: { kind: 'jpeg', bytes }, jpeg: bytes }\n  if",
    focus: 'images come cut in half',
  },
  'half-set': {
    what: 'a set counts as whole while images of it are on their way',
    file: 'id-verification/store.ts',
    from: "and attempt_id = verification.attempt_id and state = 'pending')\n",
    to: "and attempt_id = verification.attempt_id and state = 'never')\n",
    focus: 'the wire to the bucket is slow',
  },
  anybodys: {
    what: 'the endpoint forgets whose documents it was asked for',
    file: 'id-verification/shared.ts',
    from: 'from latest_approved where account_id = consent.account_id limit 1',
    to: 'from latest_approved limit 1',
    focus: 'kill -9 of a web process',
  },
}

const ROOT = new URL('../..', import.meta.url).pathname

/** Returns the text of the source file with this one change. Throws when the change no longer applies, and would prove nothing. */
export async function breakFile(name: string): Promise<{ file: string; text: string }> {
  const { file, from, to } = BREAKS[name] ?? {}
  if (!file || from === undefined || to === undefined) throw new Error(`no break is called ${name}`)
  const text = await readFile(join(ROOT, 'src', file), 'utf8')
  if (text.split(from).length !== 2)
    throw new Error(`the break ${name} does not fit ${file} any more`)
  return { file, text: text.replace(from, () => to) }
}

/** Copies the sources with this one change into a separate folder. Returns the path of its `main.ts`. */
export async function breakSources(name: string, dir: string): Promise<string> {
  const { file, text } = await breakFile(name)
  await cp(join(ROOT, 'src'), join(dir, 'src'), { recursive: true })
  await cp(join(ROOT, 'package.json'), join(dir, 'package.json'))
  await symlink(join(ROOT, 'node_modules'), join(dir, 'node_modules'))
  await writeFile(join(dir, 'src', file), text)
  return join(dir, 'src', 'main.ts')
}
