/**
 * `fetch`, over a Unix socket where one is given: the URL then says the host and the path of the request only.
 *
 * @param socket its path
 */
export async function fetchOver(socket: string | undefined, address: URL, init: RequestInit): Promise<Response> {
  if (socket === undefined) return fetch(address, init);
  const { fetchOverSocket } = await import("./fetch-over-socket.ts");
  return fetchOverSocket(socket, address, init);
}
