import { Agent, request } from "undici";
import { MINUTE } from "../../worker/duration.ts";

/** The longest wait for an answer after a body was sent: a server may verify gigabytes first. Milliseconds. */
const PATIENCE = 10 * MINUTE;

/** An answer, read whole. */
export interface StreamAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

/**
 * Sends requests whose bodies are made as they are sent. `fetch` is not for this: it keeps a copy of the body for redirects, all of it
 * in memory.
 */
export interface StreamSender {
  /** Rejects with the errors of the connection and of `body`. */
  put(address: URL, headers: Readonly<Record<string, string>>, body: AsyncIterable<Uint8Array>): Promise<StreamAnswer>;
  /** Ends the connections. */
  close(): Promise<void>;
}

/** @param socket the path of a Unix socket; undefined: each URL's own host */
export function streamSender(socket: string | undefined): StreamSender {
  const connect = socket === undefined ? {} : { connect: { socketPath: socket } };
  const dispatcher = new Agent({ headersTimeout: PATIENCE, ...connect });
  return {
    async put(address, headers, body) {
      // It takes what is iterated; its types do not say so.
      const answer = await request(address, { method: "PUT", headers, body: body as never, dispatcher });
      const said = Object.entries(answer.headers).flatMap(([name, value]) =>
        [value ?? []].flat().map((each): [string, string] => [name, each]),
      );
      return { status: answer.statusCode, headers: new Headers(said), text: await answer.body.text() };
    },
    close: () => dispatcher.close(),
  };
}
