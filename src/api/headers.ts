/** Of every answer under `/api/v1`, errors too: nothing of it is kept, framed, or taken for something else. */
export const apiHeaders = (requestId: string): Record<string, string> => ({
  'Cache-Control': 'no-store',
  'Content-Security-Policy': "default-src 'none'; frame-ancestors 'none'",
  Vary: 'Authorization',
  'X-Content-Type-Options': 'nosniff',
  'X-Request-Id': requestId,
})
