/** The little of libheif-js that is used here; the package brings no types of it. */
declare module 'libheif-js/libheif-wasm/libheif-bundle.mjs' {
  type Pixels = { data: Uint8ClampedArray; width: number; height: number }
  type HeifImage = {
    is_primary(): number
    get_width(): number
    get_height(): number
    /** Fills `data` with RGBA; `shown` is null where that failed. */
    display(into: Pixels, shown: (pixels: Pixels | null) => void): void
  }
  export default function create(): {
    HeifDecoder: new () => { decode(bytes: Uint8Array): HeifImage[] }
  }
}
