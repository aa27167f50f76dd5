import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { wheelFolder } from "../../../cli/demo/folder.ts";
import { run, type Outcome } from "../../../cli/demo/process.ts";
import { tourWheels } from "../../../cli/demo/tour.ts";
import { Place } from "../../support/node/clients/place.ts";
import { Rig } from "../../support/node/rig.ts";
import { LOCKERS, type UrlLock } from "../lockers.ts";
import { CLI } from "../../support/node/command.ts";

/** What comes with `picnic`. */
const WHOLE = ["basket", "bread", "picnic", "sandwich"];

const ALL_STORED = /^(?!.*another index).*Stored: 4 files/s;
const ALL_LEFT_OUT = /^(?!.*another index).*Nothing to store/s;

let rig: Rig;
beforeAll(async () => {
  rig = await Rig.open(wheelFolder(await tourWheels()));
});
afterAll(() => rig?.close());

test.for(LOCKERS)("$name, mapped to the upstream and back, installs", async ({ lock }, { skip }) => {
  skip(lock === undefined, "not available on this machine");
  const project = await Project.make(present(lock));
  // Nothing in it is of another index. Requirements of URLs are of none.
  const warmed = lock?.file === "requirements.txt" ? ALL_LEFT_OUT : ALL_STORED;
  try {
    const ours = await project.lock(rig.index);
    expect(ours).toContain(new URL(rig.index).host);

    expect(await project.warm()).toMatch(warmed);

    expect(await project.map("canonical", "--url", rig.index)).toMatch(/: \d+ URLs? mapped/);
    expect(project.text()).not.toContain(new URL(rig.index).host);
    expect(await project.warm()).toMatch(warmed);
    expect(await project.install(rig.witness.index)).toEqual(WHOLE);

    expect(await project.map("local", rig.index)).toMatch(/: \d+ URLs? mapped/);
    // pip alone escapes the colon of a port in the path.
    expect(project.text()).toBe(ours.replaceAll("%3A", ":"));
    expect(await project.install(rig.index)).toEqual(WHOLE);
  } finally {
    project.remove();
  }
});

test("uv writes the very same lock file without pypi-edge", async ({ skip }) => {
  const uv = LOCKERS[0]?.lock;
  skip(uv === undefined, "not available on this machine");
  const [through, without] = await Promise.all([Project.make(present(uv)), Project.make(present(uv))]);
  try {
    await through.lock(rig.index);
    await through.map("canonical");
    expect(through.text()).toBe(await without.lock(rig.witness.index));
  } finally {
    through.remove();
    without.remove();
  }
});

/** A project in a place of its own, and its client. */
class Project {
  readonly #locker: UrlLock;
  readonly #place: Place;

  private constructor(locker: UrlLock, place: Place) {
    this.#locker = locker;
    this.#place = place;
  }

  static async make(locker: UrlLock): Promise<Project> {
    return new Project(locker, await Place.make());
  }

  text(): string {
    return readFileSync(this.#file, "utf8");
  }

  /** Has the client lock the project, and returns the lock file. */
  async lock(index: string): Promise<string> {
    succeeded(await this.#locker.write({ requirement: "picnic", files: [] }, index, this.#place));
    return this.text();
  }

  /** Has the client, without its caches, install into an empty environment, and returns the modules that are there then. */
  async install(index: string): Promise<string[]> {
    this.#place.forget();
    await this.#place.empty();
    succeeded(await this.#locker.install(index, this.#place));
    return readdirSync(this.#place.environment.site).filter((name) => /^[a-z]+$/.test(name));
  }

  /** Runs `pypi-edge lock` on the lock file. */
  async map(...args: string[]): Promise<string> {
    return succeeded(await run(process.execPath, [CLI, "lock", ...args, "--upstream", rig.witness.index, this.#file]));
  }

  /** Runs `pypi-edge warm` on the lock file. */
  async warm(): Promise<string> {
    return succeeded(await rig.command("warm", this.#file));
  }

  remove(): void {
    this.#place.remove();
  }

  get #file(): string {
    return join(this.#place.folder, this.#locker.file);
  }
}

function succeeded({ code, output }: Outcome): string {
  expect(code, output).toBe(0);
  return output;
}

function present<T>(value: T | undefined): T {
  if (value === undefined) throw new Error("not available on this machine");
  return value;
}
