/** Of every answer under `/api/v1`, errors too, beside those of every response (`response-headers.ts`). */
export const apiHeaders = (requestId: string): Record<string, string> => ({
  Vary: 'Authorization',
  'X-Request-Id': requestId,
})
