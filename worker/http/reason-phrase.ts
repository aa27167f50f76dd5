import { IndexError } from "../errors.ts";

/** Longer sentences are cut to a terminal line. Characters. */
const MAX_REASON = 500;

/**
 * Adds the error's sentence as the reason phrase, as PyPI does: twine, pdm and hatch print nothing else of an answer, nor
 * does flit of a 400. HTTP/2 has no reason phrases; uv and poetry read the body.
 *
 * @param max characters
 */
export function withReasonPhrase(response: Response, error: Error, max = MAX_REASON): Response {
  if (!(error instanceof IndexError)) return response;
  const statusText = error.message
    .replaceAll("…", "...")
    .replace(/[^\x20-\x7e]+/g, "?")
    .slice(0, max);
  return new Response(response.body, { status: response.status, statusText, headers: response.headers });
}
