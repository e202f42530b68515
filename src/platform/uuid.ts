/** Whether the text is a UUID in its usual form (RFC 9562 §4), of any version. */
export const isUuid = (text: string): boolean =>
  /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text)
