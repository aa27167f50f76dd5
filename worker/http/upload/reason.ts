import { IndexError } from "../../errors.ts";

/** Longer ones are cut: they are a line of a terminal. Characters. */
const MAX_REASON = 500;

/**
 * The answer with the error's sentence as its reason phrase too, as PyPI gives it: twine, pdm and hatch show nothing else of
 * an answer, and flit of none but a 400. HTTP/2 has no reason phrases; uv and poetry read the body.
 */
export function withReason(response: Response, error: Error): Response {
  if (!(error instanceof IndexError)) return response;
  const statusText = error.message.replace(/[^\x20-\x7e]+/g, "?").slice(0, MAX_REASON);
  return new Response(response.body, { status: response.status, statusText, headers: response.headers });
}
