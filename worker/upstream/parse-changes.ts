import { asProjectName, type ProjectName } from "../pypi/name.ts";
import type { Changes } from "../repository/ports/change-log.ts";
import { readXmlRpc, type Fault, type Scalar } from "./xml-rpc.ts";

/** PyPI answers with no more: what lies beyond cannot be told from an end. */
export const MAX_ROWS = 50_000;

/** Of a list: more is not read. Bytes. */
const MAX_LIST = 32 * 1024 * 1024;

/** Of an answer that is one number. Bytes. */
const MAX_NUMBER = 64 * 1024;

const NUMBER = ["methodResponse", "params", "param", "value"];
const ROWS = [...NUMBER, "array", "data", "value", "array", "data", "value"];
/** How deep the elements lie that hold all rows, and each of them. */
const LIST = NUMBER.length + 2;
const ROW = LIST + 1;

const INTEGERS: ReadonlySet<string> = new Set(["int", "i4", "i8"]);

/** What comes where a log's answer should; `no-xml` is a page for people, or JSON. */
export type Other = Fault | "no-xml";

type Body = ReadableStreamDefaultReader<Uint8Array>;

/** A serial. Throws where the answer is cut, or another one. */
export async function readSerial(body: Body): Promise<number | Other> {
  const values: Scalar[] = [];
  const reading = await readXmlRpc(body, NUMBER, MAX_NUMBER, { scalar: (value) => values.push(value) });
  if (reading === "no-xml" || typeof reading === "object") return reading;
  return serialIn(reading === "read" && values.length === 1 ? values[0] : undefined);
}

/**
 * What the rows `[name, version or nil, timestamp, action, serial]` come to: `gap` where there are as many as PyPI gives at
 * most, or more than is read. A row whose name is no project's counts for the last serial alone. Throws where the answer is
 * cut, other rows are in it, or one from before `after`.
 */
export async function readChanges(body: Body, after: number): Promise<Changes | "gap" | Other> {
  const projects = new Map<ProjectName, number>();
  let last: number | undefined;
  let rows = 0;
  let ended = false;
  let cells: Scalar[] = [];

  function takeRow() {
    const [name, , , , serialCell] = cells;
    if (!name || cells.length !== 5) throw new Error("a row of its log has not five values");
    const serial = serialIn(serialCell);
    if (serial < after) throw new Error(`its log goes back from ${after} to ${serial}`);
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
  if (!ended) throw new Error("its answer is no list");
  return { projects, last };
}

function serialIn(value: Scalar | undefined): number {
  const digits = value && INTEGERS.has(value.type) ? value.text.trim() : "";
  const serial = /^\d+$/.test(digits) ? Number(digits) : Number.NaN;
  if (!Number.isSafeInteger(serial)) throw new Error("a serial of its log is no number that can be counted with");
  return serial;
}
