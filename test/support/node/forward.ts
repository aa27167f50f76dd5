import { request as ask, type IncomingMessage } from "node:http";
import { buffer } from "node:stream/consumers";
import type { WitnessAnswer, WitnessSource } from "../../../cli/demo/witness.ts";

// RFC 9110 7.6.1: these belong to one connection; the witness frames its own answers.
const HOP_BY_HOP = new Set(["connection", "keep-alive", "transfer-encoding", "content-length"]);

/**
 * Hands every request on to the index server at `origin` and returns what it answers, unchanged.
 * The Host header travels along, so that absolute URLs an index makes from it lead back through the witness.
 */
export function forward(origin: string): WitnessSource {
  return (incoming) =>
    new Promise((resolve, reject) => {
      // An answer is always whole; the witness leaves out what a HEAD does not get.
      const { headers } = incoming;
      const method = incoming.method === "HEAD" ? "GET" : incoming.method;
      const outgoing = ask(new URL(incoming.url ?? "/", origin).href, { method, headers }, (response) => {
        answer(response).then(resolve, reject);
      });
      outgoing.once("error", reject).end();
    });
}

async function answer(response: IncomingMessage): Promise<WitnessAnswer> {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(response.headers)) {
    if (value !== undefined && !HOP_BY_HOP.has(name)) headers[name] = String(value);
  }
  return { status: response.statusCode ?? 502, headers, body: await buffer(response) };
}
