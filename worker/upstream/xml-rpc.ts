import { Parser } from "htmlparser2";

/** Longer than any name; a longer value is cut here. Characters. */
const MAX_TEXT = 1_000;

/** The depth, and the number of texts, of a fault that are read. */
const MAX_FAULT = 20;

/** An XML-RPC fault: the server refused the call. */
export interface XmlRpcFault {
  readonly kind: "fault";
  readonly code: string;
  readonly text: string;
}

/** A value without children; `type` is its element's name. */
export interface Scalar {
  readonly type: string;
  readonly text: string;
}

/** Called with an answer's values as they arrive. */
interface Listener {
  scalar(value: Scalar): void;
  /** Called at the end of an element of the shape, with its depth; `true` ends the reading. */
  end?(depth: number): boolean;
}

/**
 * How the reading ended: `read` at the end of the answer, `enough` by the listener, `too-large` at the limit; or at a fault, or at
 * a web page or JSON (`no-xml`).
 */
export type ReadingEnd = "read" | "enough" | "too-large" | "no-xml" | XmlRpcFault;

/** The body of a call, sent as `text/xml`. */
export function xmlRpcCall(method: string, ...parameters: readonly number[]): string {
  const params = parameters.map((value) => `<param><value><int>${value}</int></value></param>`).join("");
  return `<?xml version="1.0"?><methodCall><methodName>${method}</methodName><params>${params}</params></methodCall>`;
}

/**
 * Reads an answer as it arrives, with only one value in memory. Throws an `Error` where it is cut off, or has another shape.
 *
 * @param shape the names of the nested elements, outermost first; the last of them contains the values
 * @param limit bytes
 */
export async function readXmlRpc(
  body: ReadableStreamDefaultReader<Uint8Array>,
  shape: readonly string[],
  limit: number,
  listener: Listener,
): Promise<ReadingEnd> {
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
  /** Tells `<nil/>` from an element without an end tag: the parser calls the end of both implied. */
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
          if (declared && name.toLowerCase() !== "html" && !found)
            throw new Error("its answer is XML, but not XML-RPC");
          found ??= "no-xml";
        }
        if (found) return;
        if (depth === 1 && name === "fault") fault = [];
        const fits = fault ? depth < MAX_FAULT : depth === shape.length || name === shape[depth];
        if (!fits || (depth === 0 && deepest > 0))
          throw new Error(`its answer has the element ${name.slice(0, 40)} in the wrong place`);
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
        if (deepest > 0) throw new Error("its answer has text in the wrong place");
        found = "no-xml";
      },

      onclosetag(name, isImplied) {
        if (found) return;
        if (isImplied && !justOpened) throw new Error(`its answer does not close the element ${name.slice(0, 40)}`);
        justOpened = false;
        if (fault) {
          if (text.trim() !== "" && fault.length < MAX_FAULT) fault.push(text.trim());
        } else if (depth > shape.length) {
          value = { type: name, text };
        } else {
          // A value without a type element is a string (XML-RPC).
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
    end(): ReadingEnd {
      if (depth > 0 || deepest === 0) throw new Error("its answer was cut off");
      if (fault) return { kind: "fault", code: following(fault, "faultCode"), text: following(fault, "faultString") };
      return "read";
    },
  };
}

/** A struct's member: the text that follows its name. */
const following = (texts: readonly string[], name: string) => texts[texts.indexOf(name) + 1] ?? "";
