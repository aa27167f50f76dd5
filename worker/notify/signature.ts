/** The HMAC-SHA256 (RFC 2104) of a text, in lower-case hex. */
export async function signatureOf(text: string, secret: string): Promise<string> {
  const bytes = new TextEncoder();
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  const key = await crypto.subtle.importKey("raw", bytes.encode(secret), algorithm, false, ["sign"]);
  const signed = new Uint8Array(await crypto.subtle.sign("HMAC", key, bytes.encode(text)));
  return [...signed].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
