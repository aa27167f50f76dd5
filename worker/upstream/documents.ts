import { upstreamFailed } from "../errors.ts";
import { DOCUMENT_TYPES } from "../pypi/document.ts";
import { cleanSerial } from "../pypi/page.ts";
import { parsedJson } from "../pypi/parsed-json.ts";
import type { Upstream } from "../repository/ports/upstream.ts";
import type { UpstreamClient } from "./client.ts";
import { conditionalHeaders, validatorsOf } from "./validators.ts";

const HEADERS = {
  Accept: `${DOCUMENT_TYPES.integrity}, ${DOCUMENT_TYPES.json}`,
  "Accept-Encoding": "gzip",
};

/** Fetches documents, for every kind of upstream. An answer that is not a JSON object is `upstream-failed`. */
export function documentFrom(client: UpstreamClient): Upstream["document"] {
  return async (url, known) => {
    const { host } = url;
    if (!client.mayFetch(url)) throw upstreamFailed(host, "its document has an address that may not be fetched");
    const answer = await client.open(url, { headers: { ...HEADERS, ...conditionalHeaders(known) }, mayBeAbsent: true });
    if (!answer) return { kind: "absent" };
    const { headers, status } = answer.response;
    if (status === 304) return { kind: "unchanged" };
    const text = await client.text(answer);
    const parsed = objectIn(text);
    if (!parsed) throw upstreamFailed(host, "its answer is not a JSON object, or was cut off");
    const [type] = (headers.get("Content-Type") ?? "").split(";");
    return {
      kind: "document",
      text,
      type: type?.trim().toLowerCase() === DOCUMENT_TYPES.integrity ? "integrity" : "json",
      serial: cleanSerial(headers.get("X-PyPI-Last-Serial") ?? parsed["last_serial"]),
      validators: validatorsOf(answer),
    };
  };
}

function objectIn(text: string): Record<string, unknown> | undefined {
  const value = parsedJson(text);
  return typeof value === "object" && value !== null && !Array.isArray(value) ? { ...value } : undefined;
}
