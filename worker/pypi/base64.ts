/** Text in base64 (RFC 4648, 4), by way of UTF-8. */
export const base64 = (text: string) => btoa(String.fromCharCode(...new TextEncoder().encode(text)));
