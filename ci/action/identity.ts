import { variable } from "./runner.ts";
import { ask } from "./server.ts";

const url = variable("ACTIONS_ID_TOKEN_REQUEST_URL");

/** Asks GitHub for the job's identity token for an audience; undefined where the job may not have one. */
export const requestIdentity = url === "" ? undefined : (audience: string) => requested(audience);

async function requested(audience: string): Promise<string> {
  const address = new URL(url);
  address.searchParams.set("audience", audience);
  const headers = { Authorization: `Bearer ${variable("ACTIONS_ID_TOKEN_REQUEST_TOKEN")}` };
  return ((await (await ask(address, { headers })).json()) as { readonly value: string }).value;
}
