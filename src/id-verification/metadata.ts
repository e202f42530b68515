/**
 * The orientation in the first directory of EXIF's TIFF structure (tag 0x0112, EXIF 2.32 §4.6.4), 1 to 8; `undefined` when
 * there is no valid one.
 */
export function readOrientation(tiff: Buffer): number | undefined {
  const order = tiff.toString('latin1', 0, 2)
  if (tiff.length < 14 || (order !== 'II' && order !== 'MM')) return undefined
  const isLittle = order === 'II'
  const short = (at: number) => (isLittle ? tiff.readUInt16LE(at) : tiff.readUInt16BE(at))
  const long = (at: number) => (isLittle ? tiff.readUInt32LE(at) : tiff.readUInt32BE(at))
  const directory = long(4)
  if (short(2) !== 42 || directory + 2 > tiff.length) return undefined
  const entries = short(directory)
  for (let n = 0; n < entries; n++) {
    const at = directory + 2 + 12 * n
    if (at + 12 > tiff.length) return undefined
    if (short(at) !== 0x0112) continue
    const value = short(at + 8)
    return short(at + 2) === 3 && value >= 1 && value <= 8 ? value : undefined
  }
  return undefined
}

/** A TIFF structure that contains the orientation and nothing else. */
export function minimalExif(orientation: number): Buffer {
  const tiff = Buffer.from('4d4d002a0000000800010112000300000001000000000000' + '0000', 'hex')
  tiff.writeUInt16BE(orientation, 18)
  return tiff
}

/** Whether it has the signature and length of an ICC profile (ICC.1 §7.2), apart from padding to a multiple of four bytes. */
export function isIccProfile(profile: Buffer): boolean {
  if (profile.length < 128 || profile.toString('latin1', 36, 40) !== 'acsp') return false
  const padding = profile.length - profile.readUInt32BE(0)
  return padding >= 0 && padding < 4
}
