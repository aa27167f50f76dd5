import { carriedState, type CarriedState } from "../../schema/carried.ts";
import { causeOf, readApiJson, refusalOf, sendTo } from "../lib/admin-api.ts";
import { CommandError } from "../lib/command-error.ts";
import { fetchOver } from "../lib/fetch-over.ts";
import { indexPath } from "../lib/index-path.ts";
import type { ServerAccess } from "../lib/server-address.ts";

/** The calls that receive a step. Each throws a `CommandError` with the server's sentence. */
export interface CarriedApi {
  state(): Promise<CarriedState>;
  /** Begins a step, or goes on with it. */
  begin(manifest: string, signature: string): Promise<CarriedState>;
  /** @param number of the member; the first is 1 */
  put(number: number, body: AsyncIterable<Uint8Array>, size: number): Promise<void>;
  /** Has the step count. */
  done(): Promise<void>;
}

/**
 * The API of an index that has a source of the kind `offline`.
 *
 * @param source its name; undefined: it is the only one
 */
export function carriedApi(server: ServerAccess, index: string, source: string | undefined): CarriedApi {
  const query = source === undefined ? "" : `?${new URLSearchParams({ source })}`;
  const path = (rest = "") => `${indexPath(index)}-/api/carried${rest}${query}`;
  const stateOf = async (answer: Response) => (await readApiJson(server, carriedState, answer)).value;
  return {
    state: async () => stateOf(await sendTo(server, "GET", path())),
    begin: async (manifest, signature) =>
      stateOf(await sendTo(server, "POST", path(), JSON.stringify({ manifest, signature }))),
    async put(number, body, size) {
      const { url, token, socket } = server;
      const headers = { Authorization: `Bearer ${token}`, Accept: "text/plain", "Content-Length": String(size) };
      // Node's fetch takes what is iterated; the types are a browser's.
      const iterated = body as unknown as ReadableStream<Uint8Array>;
      const sent = { method: "PUT", redirect: "manual", headers, duplex: "half", body: iterated } as const;
      const address = new URL(path(`/members/${number}`), url);
      const answer = await fetchOver(socket, address, sent).catch((error: unknown) => {
        throw new CommandError(
          `${url.href} does not answer any more (${causeOf(error)}). Run the command again: what has arrived is not sent again.`,
          "unreachable",
        );
      });
      const said = (await answer.text().catch(() => "")).trim();
      if (!answer.ok) throw refusalOf(url, answer, said);
    },
    async done() {
      await (await sendTo(server, "POST", path("/done"))).body?.cancel();
    },
  };
}
