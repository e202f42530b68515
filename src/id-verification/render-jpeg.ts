import { buffer } from 'node:stream/consumers'
import sharp, { type Sharp } from 'sharp'

// A program of its own, run by `renderJpeg`: an image on standard input, a JPEG on standard output.
const limitInputPixels = Number(process.argv[2])
const bytes = await buffer(process.stdin)
const isHeic = bytes.toString('latin1', 4, 8) === 'ftyp'
// sharp's own build has no HEVC decoder; libheif has turned the picture already as the file says.
const picture = isHeic
  ? await decodeHeic()
  : sharp(bytes, { limitInputPixels, failOn: 'error' }).rotate()
const jpeg = await picture
  .flatten({ background: '#ffffff' })
  .jpeg({ quality: 92, chromaSubsampling: '4:4:4' })
  .toBuffer()
process.stdout.write(jpeg)

/** The primary image. */
async function decodeHeic(): Promise<Sharp> {
  const { default: create } = await import('libheif-js/libheif-wasm/libheif-bundle.mjs')
  const images = new (create().HeifDecoder)().decode(bytes)
  const image = images.find((each) => each.is_primary() === 1) ?? images[0]
  const [width, height] = [image?.get_width() ?? 0, image?.get_height() ?? 0]
  if (!image || width * height > limitInputPixels) throw new Error('no image that can be shown')
  const data = new Uint8ClampedArray(width * height * 4)
  await new Promise<void>((resolve, reject) => {
    image.display({ data, width, height }, (shown) =>
      shown ? resolve() : reject(new Error('the image could not be decoded')),
    )
  })
  return sharp(data, { raw: { width, height, channels: 4 } })
}
