// Runs in a web page: what a page of another origin can read here, and what it can change.

/** What came of a request: what the page can see of its answer, or nothing where the browser keeps that from it. */
async function attempt(url, init) {
  try {
    const answer = await fetch(url, { cache: "no-store", ...init });
    const bytes = new Uint8Array(await answer.arrayBuffer());
    return {
      status: answer.status,
      url: answer.url,
      length: bytes.length,
      start: new TextDecoder().decode(bytes.subarray(0, 15)),
      etag: answer.headers.get("ETag"),
      range: answer.headers.get("Content-Range"),
      serial: answer.headers.get("X-PyPI-Last-Serial"),
    };
  } catch (error) {
    return { blocked: error.name };
  }
}

const JSON_TYPE = "application/vnd.pypi.simple.v1+json";

export default async function work({ origin, file, token }) {
  const at = (path) => origin + path;
  const json = { headers: { Accept: JSON_TYPE } };
  const bearer = { Authorization: `Bearer ${token}` };
  const page = await attempt(at("/simple/bread/"), json);
  const form = new FormData();
  form.set(":action", "file_upload");
  const written = { name: "forged", index: "*", scopes: ["admin"] };
  // As text, which a page may send anywhere without asking first.
  const text = { method: "POST", body: JSON.stringify(written), credentials: "include" };
  return {
    root: await attempt(at("/simple/"), json),
    page,
    html: await attempt(at("/simple/bread/?format=text/html")),
    redirect: await attempt(at("/simple/Bread"), json),
    known: await attempt(at("/simple/bread/"), { headers: { Accept: JSON_TYPE, "If-None-Match": page.etag } }),
    whole: await attempt(at(file)),
    part: await attempt(at(file), { headers: { Range: "bytes=-22" } }),
    beyond: await attempt(at(file), { headers: { Range: "bytes=99999999-" } }),
    metadata: await attempt(at(`${file}.metadata`)),
    absent: await attempt(at("/simple/no-such-project/"), json),
    wrong: await attempt(at("/simple/bread/?format=none")),
    nothing: await attempt(at("/simpel/bread/")),
    head: await attempt(at(file), { method: "HEAD" }),

    private: await attempt(at("/team/simple/")),
    privateWithToken: await attempt(at("/team/simple/"), { headers: bearer }),
    api: await attempt(at("/-/api/tokens"), { headers: bearer }),
    figures: await attempt(at("/-/metrics"), { credentials: "include" }),
    token: await attempt(at("/-/api/tokens"), text),
    tokenUnseen: await attempt(at("/-/api/tokens"), { ...text, mode: "no-cors" }),
    upload: await attempt(at("/team/legacy/"), { method: "POST", body: form, credentials: "include" }),
    uploadUnseen: await attempt(at("/team/legacy/"), { method: "POST", body: form, mode: "no-cors" }),
    job: await attempt(at("/-/api/jobs/sweep"), { method: "POST", mode: "no-cors" }),
    revoked: await attempt(at("/-/api/tokens/0123456789abcdef"), { method: "DELETE", credentials: "include" }),
  };
}
