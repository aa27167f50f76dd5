import { FakeUpstream } from "./upstream.ts";

/** One line of an upstream's log. */
interface Row {
  readonly project: string;
  readonly serial: number;
}

/** A fake upstream's log of changes, as PyPI gives it over XML-RPC: each change has the next serial. */
export class FakeFeed {
  static readonly URL = new URL("../pypi", FakeUpstream.INDEX).href;
  /** The serial of the last change. */
  serial = 40_000_000;
  /** Each call that arrived, as `changelog_since_serial(40000000)`. */
  readonly calls: string[] = [];
  /** Answers in its place, where that returns something. */
  instead: (() => Response | undefined) | undefined;
  readonly #rows: Row[] = [];

  constructor(upstream: FakeUpstream) {
    upstream.on(FakeFeed.URL, (request) => this.#answer(request));
  }

  /** Notes that a project has changed, and gives the serial. */
  change(project: string): number {
    this.serial++;
    this.#rows.push({ project, serial: this.serial });
    return this.serial;
  }

  /** Begins to count anew from `serial`, without a past. */
  reset(serial: number): void {
    this.#rows.length = 0;
    this.serial = serial;
  }

  async #answer(request: Request): Promise<Response> {
    const call = await request.text();
    const method = /<methodName>(.*?)<\/methodName>/.exec(call)?.[1] ?? "";
    const parameter = /<int>(\d+)<\/int>/.exec(call)?.[1] ?? "";
    this.calls.push(`${method}(${parameter})`);
    return this.instead?.() ?? this.#own(method, Number(parameter));
  }

  #own(method: string, parameter: number): Response {
    if (method === "changelog_last_serial") return xml(`<int>${this.serial}</int>`);
    if (method !== "changelog_since_serial") return new Response("no such method", { status: 400 });
    const rows = this.#rows.slice(this.#rows.findLastIndex(({ serial }) => serial <= parameter) + 1);
    return xml(array(rows.map(rowOf)));
  }
}

/** What `changelog_since_serial` answers with so many rows, all of one project. */
export const manyRows = (count: number, from: number) =>
  xml(array(Array.from({ length: count }, (_, at) => rowOf({ project: "demo", serial: from + at + 1 }))));

const xml = (value: string) =>
  new Response(
    `<?xml version='1.0'?>\n<methodResponse><params><param><value>${value}</value></param></params></methodResponse>`,
    { headers: { "Content-Type": "text/xml" } },
  );

const array = (values: readonly string[]) =>
  `<array><data>${values.map((value) => `<value>${value}</value>`).join("")}</data></array>`;

const rowOf = ({ project, serial }: Row) =>
  array([
    `<string>${project}</string>`,
    "<nil/>",
    "<int>1790000000</int>",
    "<string>new release</string>",
    `<int>${serial}</int>`,
  ]);
