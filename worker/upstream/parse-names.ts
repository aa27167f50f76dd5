import { asProjectName, type ProjectName } from "../pypi/name.ts";

/** Longest text kept for a name that a chunk's end has cut in two. */
const MAX_CARRY = 4_096;

/** Normalised names in batches, as they arrive: PyPI's listing has 40 MB. What is no valid name is left out. */
export type Names = AsyncGenerator<readonly ProjectName[]>;

/** Names from an upstream's root listing in JSON (PEP 691). Throws where the text does not end as a listing does. */
export async function* namesInJson(body: ReadableStream<Uint8Array>): Names {
  let carry = "";
  let listing = false;
  for await (const chunk of body.pipeThrough(new TextDecoderStream())) {
    const text = carry + chunk;
    listing ||= /"projects"\s*:\s*\[/.test(text);
    const names: ProjectName[] = [];
    const pattern = /"name"\s*:\s*"([^"\\]*)"/g;
    let end = 0;
    for (let match = pattern.exec(text); match; match = pattern.exec(text)) {
      const name = asProjectName(match[1] ?? "");
      if (name) names.push(name);
      end = pattern.lastIndex;
    }
    carry = text.slice(end).slice(-MAX_CARRY);
    if (names.length > 0) yield names;
  }
  // Behind the last name come its `}`, the list's `]` and the object's `}`: a cut text lacks one of them.
  if (!listing || !/\][^\]]*\}\s*$/.test(carry)) throw new Error("its root listing is no PEP 691 JSON, or was cut");
}

/** Names from an upstream's root listing in HTML (PEP 503): each link's text. Throws where there is not one link. */
export async function* namesInHtml(body: ReadableStream<Uint8Array>): Names {
  let batch: ProjectName[] = [];
  let text = "";
  let found = false;
  const rewriter = new HTMLRewriter().on("a", {
    element: () => void (text = ""),
    text(chunk) {
      text += chunk.text;
      const name = chunk.lastInTextNode ? asProjectName(text.trim().replace(/\/$/, "")) : undefined;
      if (name) batch.push(name);
    },
  });
  for await (const _ of rewriter.transform(new Response(body)).body ?? []) {
    if (batch.length === 0) continue;
    found = true;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
  else if (!found) throw new Error("its root listing is neither JSON nor a list of links");
}
