/** The least a worker can do with a large file: what the local runtime and its R2 cost without pypi-edge. */
export default {
  async fetch(request, env) {
    const { pathname, searchParams } = new URL(request.url);
    if (pathname === "/get") {
      const object = await env.BUCKET.get("file");
      return new Response(object.body, { headers: { "Content-Length": `${object.size}` } });
    }
    const upstream = await fetch(searchParams.get("url"));
    if (pathname === "/pass") return upstream;
    const length = Number(upstream.headers.get("Content-Length"));
    const object = await env.BUCKET.put("file", upstream.body.pipeThrough(new FixedLengthStream(length)), {
      sha256: searchParams.get("sha256"),
    });
    return Response.json({ size: object.size });
  },
};
