import { carriedState, type CarriedState } from "../../schema/carried.ts";
import { causeOf, readApiJson, refusalOf, sendTo } from "../lib/admin-api.ts";
import { CommandError } from "../lib/command-error.ts";
import { indexPath } from "../lib/index-path.ts";
import { streamSender } from "../lib/send-stream.ts";
import type { ServerAccess } from "../lib/server-address.ts";

/** The calls that receive a step. Each throws a `CommandError` with the server's sentence. */
export interface CarriedApi {
  state(): Promise<CarriedState>;
  /** Begins a step, or goes on with it. */
  begin(manifest: string, signature: string): Promise<CarriedState>;
  /**
   * @param number of the member; the first is 1
   * @throws also the `CommandError`s of `body`
   */
  put(number: number, body: AsyncIterable<Uint8Array>, size: number): Promise<void>;
  /** Has the step count. */
  done(): Promise<void>;
  /** Ends the connections. */
  close(): Promise<void>;
}

/**
 * The API of an index that has a source of the kind `offline`.
 *
 * @param source its name; undefined: it is the only one
 */
export function carriedApi(server: ServerAccess, index: string, source: string | undefined): CarriedApi {
  const query = source === undefined ? "" : `?${new URLSearchParams({ source })}`;
  const path = (rest = "") => `${indexPath(index)}-/api/carried${rest}${query}`;
  const sender = streamSender(server.socket);
  const stateOf = async (answer: Response) => (await readApiJson(server, carriedState, answer)).value;
  return {
    state: async () => stateOf(await sendTo(server, "GET", path())),
    begin: async (manifest, signature) =>
      stateOf(await sendTo(server, "POST", path(), JSON.stringify({ manifest, signature }))),
    async put(number, body, size) {
      const { url, token } = server;
      const headers = { Authorization: `Bearer ${token}`, Accept: "text/plain", "Content-Length": String(size) };
      const address = new URL(path(`/members/${number}`), url);
      const answer = await sender.put(address, headers, body).catch((error: unknown) => {
        if (error instanceof CommandError) throw error;
        throw new CommandError(
          `${url.href} does not answer any more (${causeOf(error)}). Run the command again: what has arrived is not sent again.`,
          "unreachable",
        );
      });
      if (answer.status >= 300) throw refusalOf(url, answer, answer.text.trim());
    },
    async done() {
      await (await sendTo(server, "POST", path("/done"))).body?.cancel();
    },
    close: () => sender.close(),
  };
}
