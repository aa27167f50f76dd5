/**
 * `fetch`, over a Unix socket where one is given: the URL then says the host and the path of the request only.
 *
 * @param socket its path
 */
export async function fetchOver(socket: string | undefined, address: URL, init: RequestInit): Promise<Response> {
  if (socket === undefined) return fetch(address, init);
  // Node's own `fetch` takes no socket. It takes time to load, and most servers have an address.
  const { Agent, fetch: fetchWith } = await import("undici");
  const options = { ...init, dispatcher: new Agent({ connect: { socketPath: socket } }) };
  return (await fetchWith(address.href, options as Parameters<typeof fetchWith>[1])) as unknown as Response;
}
