/** The id that Cloudflare gives a request: sixteen digits and the data centre. */
const CF_RAY = /^[\da-f]{16}(?:-[A-Z]{3})?$/;

/** The id of a request, which its answer and each line of the log about it have. A client's own text is not taken for one. */
export function requestIdOf(headers: Headers): string {
  const ray = headers.get("CF-Ray") ?? "";
  return CF_RAY.test(ray) ? ray : crypto.randomUUID();
}
