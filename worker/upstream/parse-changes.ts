import { asProjectName, type ProjectName } from "../pypi/name.ts";
import type { Changes } from "../repository/ports/change-log.ts";
import { readXmlRpc, type XmlRpcFault, type Scalar } from "./xml-rpc.ts";

/** PyPI sends at most so many rows: an answer with as many may be incomplete. */
export const MAX_ROWS = 50_000;

/** Bytes of a list that are read. */
const MAX_LIST = 32 * 1024 * 1024;

/** Bytes of an answer with one number that are read. */
const MAX_NUMBER = 64 * 1024;

const NUMBER = ["methodResponse", "params", "param", "value"];
const ROWS = [...NUMBER, "array", "data", "value", "array", "data", "value"];
/** Depths of the element that holds all rows, and of a row. */
const LIST = NUMBER.length + 2;
const ROW = LIST + 1;

const INTEGERS: ReadonlySet<string> = new Set(["int", "i4", "i8"]);

/** An answer that is not a change log's: a fault, or `no-xml`, which is a web page or JSON. */
export type OtherAnswer = XmlRpcFault | "no-xml";

type Body = ReadableStreamDefaultReader<Uint8Array>;

/** Reads the answer with the last serial. Throws an `Error` where it is cut off or has another form. */
export async function readSerial(body: Body): Promise<number | OtherAnswer> {
  const values: Scalar[] = [];
  const reading = await readXmlRpc(body, NUMBER, MAX_NUMBER, { scalar: (value) => values.push(value) });
  if (reading === "no-xml" || typeof reading === "object") return reading;
  return serialIn(reading === "read" && values.length === 1 ? values[0] : undefined);
}

/**
 * Reads rows `[name, version or nil, timestamp, action, serial]` to the last serial of each project; `gap` where the answer has as
 * many rows as PyPI sends at most, or is too large. Of a row without a valid project name, only the serial counts. Throws an
 * `Error` where the answer is cut off, has other rows, or one with a serial below `after`.
 */
export async function readChanges(body: Body, after: number): Promise<Changes | "gap" | OtherAnswer> {
  const projects = new Map<ProjectName, number>();
  let last: number | undefined;
  let rows = 0;
  let ended = false;
  let cells: Scalar[] = [];

  function takeRow() {
    const [name, , , , serialCell] = cells;
    if (!name || cells.length !== 5) throw new Error("a row of its change log does not have five values");
    const serial = serialIn(serialCell);
    if (serial < after) throw new Error(`its change log went back from serial ${after} to ${serial}`);
    last = Math.max(last ?? serial, serial);
    const project = name.type === "string" ? asProjectName(name.text) : undefined;
    if (project) projects.set(project, Math.max(projects.get(project) ?? 0, serial));
    cells = [];
    rows += 1;
  }

  const reading = await readXmlRpc(body, ROWS, MAX_LIST, {
    scalar: (value) => cells.push(value),
    end(depth) {
      if (depth === ROW) takeRow();
      ended ||= depth === LIST;
      return rows >= MAX_ROWS;
    },
  });
  if (reading === "enough" || reading === "too-large") return "gap";
  if (reading !== "read") return reading;
  if (!ended) throw new Error("its answer is not a list");
  return { projects, last };
}

function serialIn(value: Scalar | undefined): number {
  const digits = value && INTEGERS.has(value.type) ? value.text.trim() : "";
  const serial = /^\d+$/.test(digits) ? Number(digits) : Number.NaN;
  if (!Number.isSafeInteger(serial))
    throw new Error("a serial of its change log is not a whole number, or is too large");
  return serial;
}
