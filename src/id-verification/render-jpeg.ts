import { buffer } from 'node:stream/consumers'
import sharp from 'sharp'

// A program of its own, run by `renderJpeg`: an image on standard input, a JPEG on standard output.
const limitInputPixels = Number(process.argv[2])
const jpeg = await sharp(await buffer(process.stdin), { limitInputPixels, failOn: 'error' })
  .rotate()
  .flatten({ background: '#ffffff' })
  .jpeg({ quality: 92, chromaSubsampling: '4:4:4' })
  .toBuffer()
process.stdout.write(jpeg)
