import { html } from 'hono/html'
import encodeQR from 'qr'
import type { Html } from './html.ts'

// The quiet zone that scanners need (ISO/IEC 18004 §9.1).
const BORDER = 4

/** A QR code as inline SVG, black on white in every colour scheme. The page's policy needs no exception for it. */
export function qrCode(text: string, label: string): Html {
  const rows = encodeQR(text, 'raw', { border: BORDER, ecc: 'medium' })
  const path = rows
    .flatMap((row, y) => row.flatMap((isDark, x) => (isDark ? [`M${x} ${y}h1v1h-1z`] : [])))
    .join('')
  return html`<svg class="qr" role="img" aria-label="${label}" viewBox="0 0 ${rows.length} ${rows.length}" shape-rendering="crispEdges"><rect width="100%" height="100%" fill="#fff"/><path fill="#000" d="${path}"/></svg>`
}
