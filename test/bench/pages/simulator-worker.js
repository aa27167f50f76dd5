/** The least a worker can do with a page: what the local runtime and its KV cost without pypi-edge. */
export default {
  async fetch(request, env) {
    const { pathname, searchParams } = new URL(request.url);
    if (pathname === "/put") {
      await env.NAMESPACE.put("page", new Uint8Array(Number(searchParams.get("bytes"))));
      return new Response();
    }
    return new Response(await env.NAMESPACE.get("page", "stream"));
  },
};
