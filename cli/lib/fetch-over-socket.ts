import { Agent, fetch as fetchWith } from "undici";

/** `fetch` over a Unix socket, which Node's own does not have. Takes time to load. */
export async function fetchOverSocket(path: string, address: URL, init: RequestInit): Promise<Response> {
  const options = { ...init, dispatcher: new Agent({ connect: { socketPath: path } }) };
  return (await fetchWith(address.href, options as Parameters<typeof fetchWith>[1])) as unknown as Response;
}
