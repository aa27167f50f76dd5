import { Parser } from "htmlparser2";

/** Longer than any name; of a value that is longer the beginning is kept. Characters. */
const MAX_TEXT = 1_000;

/** No fault is deeper or has more to say. */
const MAX_FAULT = 20;

/** XML-RPC's "no". */
export interface Fault {
  readonly kind: "fault";
  readonly code: string;
  readonly text: string;
}

/** A value that has no parts; `type` is its element's name. */
export interface Scalar {
  readonly type: string;
  readonly text: string;
}

/** What is told of an answer's values as they arrive; `true` says that it is enough. */
interface Listener {
  scalar(value: Scalar): void;
  /** The end of an element of the shape, by its depth. */
  end?(depth: number): boolean;
}

/**
 * How reading ended: to the end, or since there was enough; or what was found instead. `no-xml` is a page for people, or
 * JSON.
 */
export type Reading = "read" | "enough" | "too-large" | "no-xml" | Fault;

/** A call, to be sent as `text/xml`. */
export function callOf(method: string, ...parameters: readonly number[]): string {
  const params = parameters.map((value) => `<param><value><int>${value}</int></value></param>`).join("");
  return `<?xml version="1.0"?><methodCall><methodName>${method}</methodName><params>${params}</params></methodCall>`;
}

/**
 * Reads an answer as it arrives, no more of it held than the value at hand. Throws where it is cut, or built otherwise.
 *
 * @param shape the elements, one within the other, in the last of which the values lie
 * @param limit bytes
 */
export async function readXmlRpc(
  body: ReadableStreamDefaultReader<Uint8Array>,
  shape: readonly string[],
  limit: number,
  listener: Listener,
): Promise<Reading> {
  const xml = xmlOf(shape, listener);
  const decoder = new TextDecoder();
  let total = 0;
  for (;;) {
    const { done, value } = await body.read();
    xml.write(done ? decoder.decode() : decoder.decode(value, { stream: true }));
    const early = xml.found();
    if (early) return early;
    if (done) return xml.end();
    total += value.byteLength;
    if (total > limit) return "too-large";
  }
}

function xmlOf(shape: readonly string[], { scalar, end }: Listener) {
  let found: "enough" | "no-xml" | undefined;
  let declared = false;
  let depth = 0;
  let deepest = 0;
  let text = "";
  let value: Scalar | undefined;
  /** The parser says of `<nil/>`, too, that its end is only implied. */
  let justOpened = false;
  let fault: string[] | undefined;

  const parser = new Parser(
    {
      onprocessinginstruction(name, data) {
        declared ||= name.toLowerCase() === "?xml";
        if (/^!doctype\s+html\b/i.test(data)) found = "no-xml";
      },

      onopentagname(name) {
        if (depth === 0 && name !== shape[0]) {
          if (declared && name.toLowerCase() !== "html" && !found) throw new Error("its answer is XML, but no XML-RPC");
          found ??= "no-xml";
        }
        if (found) return;
        if (depth === 1 && name === "fault") fault = [];
        const fits = fault ? depth < MAX_FAULT : depth === shape.length || name === shape[depth];
        if (!fits || (depth === 0 && deepest > 0))
          throw new Error(`its answer has ${name.slice(0, 40)} in an odd place`);
        text = "";
        value = undefined;
        justOpened = true;
        depth += 1;
        deepest = Math.max(deepest, depth);
      },

      ontext(data) {
        justOpened = false;
        if (text.length < MAX_TEXT) text += data;
        if (found || fault || depth >= shape.length || !/\S/.test(data)) return;
        if (deepest > 0) throw new Error("its answer has text in an odd place");
        found = "no-xml";
      },

      onclosetag(name, isImplied) {
        if (found) return;
        if (isImplied && !justOpened)
          throw new Error(`its answer does not end what it begins with ${name.slice(0, 40)}`);
        justOpened = false;
        if (fault) {
          if (text.trim() !== "" && fault.length < MAX_FAULT) fault.push(text.trim());
        } else if (depth > shape.length) {
          value = { type: name, text };
        } else {
          // A value without an element that says otherwise is a string.
          if (depth === shape.length) scalar(value ?? { type: "string", text });
          if (end?.(depth)) found = "enough";
        }
        text = "";
        depth -= 1;
      },
    },
    { xmlMode: true },
  );

  return {
    write: (chunk: string) => parser.write(chunk),
    found: () => found,
    end(): Reading {
      if (depth > 0 || deepest === 0) throw new Error("its answer was cut");
      if (fault) return { kind: "fault", code: following(fault, "faultCode"), text: following(fault, "faultString") };
      return "read";
    },
  };
}

/** A struct's member, from its names and values in the order in which they came. */
const following = (texts: readonly string[], name: string) => texts[texts.indexOf(name) + 1] ?? "";
