/** The parts of libheif-js that are used here; the package has no types. */
declare module 'libheif-js/libheif-wasm/libheif-bundle.mjs' {
  type Pixels = { data: Uint8ClampedArray; width: number; height: number }
  type HeifImage = {
    is_primary(): number
    get_width(): number
    get_height(): number
    /** Fills `data` with RGBA and calls `shown`, with null when that failed. */
    display(into: Pixels, shown: (pixels: Pixels | null) => void): void
  }
  export default function create(): {
    HeifDecoder: new () => { decode(bytes: Uint8Array): HeifImage[] }
  }
}
