/** The text's UTF-8 bytes in base64 (RFC 4648, 4). */
export const base64 = (text: string) => btoa(String.fromCharCode(...new TextEncoder().encode(text)));
