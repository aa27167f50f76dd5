import type { IncomingMessage } from "node:http";
import { text } from "node:stream/consumers";
import type { WitnessAnswer, WitnessSource } from "../../../../cli/demo/witness.ts";
import type { Distribution } from "./distribution.ts";
import { fakeIndex } from "./fake-index.ts";
import { SERIAL } from "./simple.ts";

/** An index like PyPI that files are published to while it serves, with PyPI's log of changes (XML-RPC, at `/pypi`). */
export class PublishingIndex {
  #files: readonly Distribution[];
  #index: WitnessSource;
  readonly #log: { readonly project: string; readonly serial: number }[] = [];

  constructor(files: readonly Distribution[]) {
    this.#files = files;
    this.#index = this.#over(files);
  }

  readonly source: WitnessSource = async (request) =>
    request.method === "POST" && request.url === "/pypi" ? this.#answerCall(request) : this.#index(request);

  publish(file: Distribution): void {
    this.#log.push({ project: file.project, serial: this.#last + 1 });
    this.#files = [...this.#files, file];
    this.#index = this.#over(this.#files);
  }

  get #last(): number {
    return this.#log.at(-1)?.serial ?? SERIAL;
  }

  #over(files: readonly Distribution[]): WitnessSource {
    const serialOf = (project: string) => this.#log.findLast((change) => change.project === project)?.serial ?? SERIAL;
    return fakeIndex(files, () => "pypi", serialOf);
  }

  async #answerCall(request: IncomingMessage): Promise<WitnessAnswer> {
    const call = await text(request);
    const since = Number(/<int>(\d+)<\/int>/.exec(call)?.[1]);
    const value = call.includes("<methodName>changelog_since_serial</methodName>")
      ? array(this.#log.filter(({ serial }) => serial > since).map(row))
      : `<int>${this.#last}</int>`;
    const body = `<?xml version='1.0'?>\n<methodResponse><params><param><value>${value}</value></param></params></methodResponse>`;
    return { status: 200, headers: { "content-type": "text/xml; charset=utf-8" }, body: Buffer.from(body) };
  }
}

const array = (values: readonly string[]) =>
  `<array><data>${values.map((value) => `<value>${value}</value>`).join("")}</data></array>`;

/** A change as PyPI lists it: name, version, seconds since the epoch, what was done, serial. */
const row = ({ project, serial }: { readonly project: string; readonly serial: number }) =>
  array([
    `<string>${project}</string>`,
    "<nil/>",
    "<int>1795348800</int>",
    "<string>new release</string>",
    `<int>${serial}</int>`,
  ]);
