import { S3Error, xml } from './s3-error.ts'
import { compareKeys, type StoredObject } from './s3-objects.ts'

/** ListObjectsV2: the children of its `ListBucketResult`. `objects` are in key order. */
export function listObjects(
  bucket: string,
  objects: readonly StoredObject[],
  parameter: (name: string) => string | undefined,
): string[] {
  const [prefix, delimiter] = [parameter('prefix') ?? '', parameter('delimiter') ?? '']
  const [startAfter, token] = [parameter('start-after'), parameter('continuation-token')]
  const maxKeys = Math.min(Number(parameter('max-keys') ?? 1000), 1000)
  if (!Number.isInteger(maxKeys) || maxKeys < 0)
    throw new S3Error('InvalidArgument', {
      Message: 'Provided max-keys not an integer or within integer range',
    })
  const isEncoded = parameter('encoding-type') === 'url'
  const text = (name: string, value: string) =>
    xml(name, isEncoded ? encodeURIComponent(value).replaceAll('%2F', '/') : value)

  // A common prefix represents all its keys, so a page that ended on one continues after them.
  const after = token === undefined ? (startAfter ?? '') : fromToken(token)
  const entries: { name: string; object?: StoredObject }[] = []
  for (const object of objects) {
    if (!object.key.startsWith(prefix)) continue
    const end = delimiter === '' ? -1 : object.key.indexOf(delimiter, prefix.length)
    const isCommon = end >= 0
    const name = isCommon ? object.key.slice(0, end + delimiter.length) : object.key
    if (after !== '' && compareKeys(isCommon && after !== name ? object.key : name, after) <= 0)
      continue
    if (isCommon && entries.at(-1)?.name === name) continue
    entries.push(isCommon ? { name } : { name, object })
  }
  const page = entries.slice(0, maxKeys)
  const isTruncated = maxKeys > 0 && page.length < entries.length

  return [
    xml('Name', bucket),
    text('Prefix', prefix),
    ...(delimiter ? [text('Delimiter', delimiter)] : []),
    ...(isEncoded ? [xml('EncodingType', 'url')] : []),
    ...(startAfter === undefined ? [] : [text('StartAfter', startAfter)]),
    ...(token === undefined ? [] : [xml('ContinuationToken', token)]),
    xml('KeyCount', page.length),
    xml('MaxKeys', maxKeys),
    xml('IsTruncated', isTruncated),
    ...(isTruncated ? [xml('NextContinuationToken', toToken(page.at(-1)?.name ?? ''))] : []),
    ...page.map(({ name, object }) =>
      object
        ? xml('Contents', [
            text('Key', name),
            xml('LastModified', new Date(object.modifiedAt).toISOString()),
            xml('ETag', `"${object.md5}"`),
            xml('Size', object.size),
            xml('StorageClass', 'STANDARD'),
          ])
        : xml('CommonPrefixes', [text('Prefix', name)]),
    ),
  ]
}

/** ListObjectVersions of a bucket without versioning: each object has the one version `null`. */
export function listVersions(
  bucket: string,
  objects: readonly StoredObject[],
  parameter: (name: string) => string | undefined,
): string[] {
  const prefix = parameter('prefix') ?? ''
  const marker = parameter('key-marker') ?? ''
  const found = objects.filter(
    ({ key }) => key.startsWith(prefix) && (marker === '' || compareKeys(key, marker) > 0),
  )
  const page = found.slice(0, 1000)
  const isTruncated = page.length < found.length
  const isEncoded = parameter('encoding-type') === 'url'
  const text = (name: string, value: string) =>
    xml(name, isEncoded ? encodeURIComponent(value).replaceAll('%2F', '/') : value)
  return [
    xml('Name', bucket),
    text('Prefix', prefix),
    ...(isEncoded ? [xml('EncodingType', 'url')] : []),
    text('KeyMarker', marker),
    xml('MaxKeys', 1000),
    xml('IsTruncated', isTruncated),
    ...(isTruncated
      ? [text('NextKeyMarker', page.at(-1)?.key ?? ''), xml('NextVersionIdMarker', 'null')]
      : []),
    ...page.map((object) =>
      xml('Version', [
        text('Key', object.key),
        xml('VersionId', 'null'),
        xml('IsLatest', true),
        xml('LastModified', new Date(object.modifiedAt).toISOString()),
        xml('ETag', `"${object.md5}"`),
        xml('Size', object.size),
        xml('StorageClass', 'STANDARD'),
      ]),
    ),
  ]
}

const toToken = (name: string) => Buffer.from(name).toString('base64')
const fromToken = (token: string) => Buffer.from(token, 'base64').toString()
