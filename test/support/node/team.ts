import type { Wheel } from "../../../cli/demo/wheel.ts";
import { uploadFields } from "../upload-fields.ts";
import type { Rig } from "./rig.ts";

/** A file that the index hosts, as a reader gets it. */
export interface Hosted {
  readonly filename: string;
  readonly sha256: string;
  /** What its URL gives. */
  readonly bytes: Buffer;
}

/** What a token is to be for. */
interface Grant {
  readonly scopes: readonly string[];
  /** `team` where it is left out. */
  readonly index?: string;
  readonly projects?: readonly string[];
  readonly expires?: string;
  /** Its scopes where it is left out. */
  readonly name?: string;
}

/** The hosted index `team` of a rig, as wrangler.toml ships it. */
export class Team {
  readonly #rig: Rig;
  #reader: string | undefined;

  constructor(rig: Rig) {
    this.#rig = rig;
  }

  /** Its Simple API. */
  get simple(): string {
    return new URL("/team/simple/", this.#rig.index).href;
  }

  /** The address of its upload API at this origin, or at its own. */
  legacy(origin: string = this.simple): string {
    return new URL("/team/legacy/", origin).href;
  }

  /** Has a token made by the admin, and returns its text. */
  async token(grant: Grant): Promise<string> {
    const wanted = { name: grant.scopes.join(" and "), index: "team", ...grant };
    const answer = await this.#rig.ask("tokens", Buffer.from(JSON.stringify(wanted)));
    const said = await answer.text();
    if (answer.status !== 201) throw new Error(said);
    return (JSON.parse(said) as { token: string }).token;
  }

  /** What the project's page lists, each file read whole; nothing where there is no page. */
  async hosted(project: string): Promise<Hosted[]> {
    this.#reader ??= await this.token({ scopes: ["read"] });
    const headers = { Authorization: `Bearer ${this.#reader}` };
    const page = new URL(`${project}/`, this.simple);
    const answer = await fetch(page, { headers: { ...headers, Accept: "application/vnd.pypi.simple.v1+json" } });
    if (answer.status === 404) return [];
    if (answer.status !== 200) throw new Error(`${page.href} answered ${answer.status}: ${await answer.text()}`);
    const { files } = (await answer.json()) as {
      files: { filename: string; url: string; hashes: { sha256: string } }[];
    };
    return Promise.all(
      files.map(async ({ filename, url, hashes: { sha256 } }) => {
        const file = await fetch(new URL(url, page), { headers });
        if (file.status !== 200) throw new Error(`${filename} is listed, and answered ${file.status}`);
        return { filename, sha256, bytes: Buffer.from(await file.arrayBuffer()) };
      }),
    );
  }
}

/** Uploads a wheel as clients do, and returns what was answered; rejects where the connection ends before that. */
export async function upload(
  legacy: string,
  token: string,
  wheel: Wheel,
): Promise<{ readonly status: number; readonly said: string }> {
  const form = new FormData();
  for (const [name, value] of Object.entries(uploadFields(wheel))) form.set(name, value);
  form.set("content", new Blob([Buffer.from(wheel.bytes)]), wheel.filename);
  const headers = { Authorization: `Bearer ${token}` };
  const answer = await fetch(legacy, { method: "POST", headers, body: form });
  return { status: answer.status, said: await answer.text() };
}
