import { JSON_TYPE, type Rig } from "./rig.ts";

/** A project as the mirror has it. */
interface Mirrored {
  readonly files: readonly string[];
  /** The serial that the mirror asked for at least. */
  readonly serial: number;
}

/**
 * A mirror of an index as bandersnatch 6.8 is one: what the root listing names with a higher serial than it has reached is asked for,
 * at that serial at least. What failed stays on its list, and until that is done it looks at nothing else.
 */
export class MirrorBehind {
  readonly has = new Map<string, Mirrored>();
  /** How often it was given an answer that is older than the listing. */
  stale = 0;
  #reached = 0;
  #target = 0;
  #todo = new Map<string, number>();
  readonly #rig: Rig;
  readonly #base: string;

  constructor(rig: Rig, base: string) {
    this.#rig = rig;
    this.#base = base;
  }

  /** One run; returns whether all of it succeeded. */
  async run(): Promise<boolean> {
    if (this.#todo.size === 0) {
      const answer = await this.#rig.get(`${this.#base}/simple/`, { Accept: JSON_TYPE });
      if (answer.status !== 200) return false;
      const { projects } = JSON.parse(answer.text()) as { projects: { name: string; "_last-serial"?: number }[] };
      for (const { name, "_last-serial": serial } of projects) {
        if (serial !== undefined && serial > this.#reached) this.#todo.set(name, serial);
      }
      this.#target = Math.max(this.#reached, ...this.#todo.values());
    }
    let isWhole = true;
    for (const [name, serial] of this.#todo) {
      const answer = await this.#rig.get(`${this.#base}/pypi/${name}/json`);
      if (answer.status === 404) continue;
      const got = Number(answer.headers.get("X-PyPI-Last-Serial") ?? 0);
      if (answer.status !== 200 || got < serial) {
        if (answer.status === 200) this.stale += 1;
        isWhole = false;
        continue;
      }
      const { releases } = JSON.parse(answer.text()) as { releases: Record<string, { filename: string }[]> };
      const files = Object.values(releases).flatMap((release) => release.map(({ filename }) => filename));
      this.has.set(name, { files: files.toSorted(), serial });
      this.#todo.delete(name);
    }
    if (!isWhole) return false;
    this.#reached = this.#target;
    this.#todo.clear();
    return true;
  }
}
