import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { bareVariables, freshEnvironment, type Environment } from "../../cli/demo/environment.ts";
import { folder } from "../../cli/demo/folder.ts";
import { discard, temporaryDirectory } from "../../cli/demo/leftovers.ts";
import { run, type Surroundings } from "../../cli/demo/process.ts";
import { startProduct, type Product } from "../../cli/demo/product.ts";
import { tourWheels } from "../../cli/demo/tour.ts";
import { Witness } from "../../cli/demo/witness.ts";
import { provideEnvironment } from "../support/node/provision.ts";

const COMMAND = join(import.meta.dirname, "..", "..", "cli", "lock.ts");
const PROJECT = `[project]
name = "app"
version = "0.1.0"
requires-python = ">=3.11"
dependencies = ["picnic"]
`;

/** A client that writes lock files, in a project that depends on `picnic`. */
interface Locker {
  readonly requirements: readonly [string, ...string[]];
  readonly file: string;
  readonly quick: boolean;
  /** What pyproject.toml says besides the project itself. */
  settings(index: string): string;
  /** The arguments that write the lock file. */
  lock(index: string): string[];
  /** The arguments that install from it, into the project's folder. */
  install(index: string): string[];
}

const UV = ["--no-config", "--no-cache", "--no-python-downloads"];
const PIP = ["--no-cache-dir", "--no-input", "--disable-pip-version-check", "--quiet"];

/** What `picnic` comes with. */
const WHOLE = ["basket", "bread", "picnic", "sandwich"];

const LOCKERS: readonly [Locker, ...Locker[]] = [
  {
    requirements: ["uv==0.13.9"],
    file: "uv.lock",
    quick: true,
    settings: () => "",
    lock: (index) => ["lock", ...UV, "--default-index", index],
    install: (index) => ["sync", "--frozen", ...UV, "--default-index", index],
  },
  {
    requirements: ["pip==26.3"],
    file: "pylock.toml",
    quick: true,
    settings: () => "",
    lock: (index) => ["lock", ...PIP, "--index-url", index, "picnic"],
    install: (index) => ["install", ...PIP, "--index-url", index, "--prefix", ".venv", "-r", "pylock.toml"],
  },
  {
    requirements: ["poetry==2.5.1"],
    file: "poetry.lock",
    quick: false,
    settings: (index) =>
      `[tool.poetry]\npackage-mode = false\n[[tool.poetry.source]]\nname = "pypi-edge"\nurl = "${index}"\n`,
    lock: () => ["lock", "--no-interaction"],
    install: () => ["sync", "--no-interaction"],
  },
  {
    // pdm breaks with the newer releases of these two.
    requirements: ["pdm==2.29.3", "hishel==1.2.1", "unearth==0.18.2"],
    file: "pdm.lock",
    quick: false,
    settings: (index) => `[[tool.pdm.source]]\nname = "pypi"\nurl = "${index}"\n`,
    lock: () => ["lock", "--static-urls"],
    install: () => ["sync", "--no-self"],
  },
];

let witness: Witness;
let product: Product;
const state = temporaryDirectory();
const provided = new Map<Locker, Environment | null>();

beforeAll(async () => {
  witness = await new Witness(folder(await tourWheels())).start();
  [product] = await Promise.all([
    startProduct(witness.index, state),
    ...LOCKERS.map(async (locker) => provided.set(locker, await provideEnvironment(locker.requirements))),
  ]);
});
afterAll(async () => {
  await product?.stop();
  await witness?.stop();
  discard(state);
});

const named = LOCKERS.map((locker) => ({ name: locker.requirements[0].replace("==", " "), locker }));

test.for(named)(
  "$name installs from its lock file, mapped to the upstream and back",
  async ({ name, locker }, { skip }) => {
    const environment = provided.get(locker) ?? null;
    skip(environment === null, `no wheels for ${name}`);
    const project = new Project(locker, present(environment));
    try {
      const ours = await project.lock(product.index);
      expect(ours).toContain(new URL(product.index).host);

      expect(await project.map("canonical", "--url", product.index)).toMatch(/: \d+ URLs mapped/);
      expect(project.text()).not.toContain(new URL(product.index).host);
      expect(await project.install(product.index)).toEqual(WHOLE);

      expect(await project.map("local", product.index)).toMatch(/: \d+ URLs mapped/);
      // pip alone escapes the colon of a port in the path.
      expect(project.text()).toBe(ours.replaceAll("%3A", ":"));
      expect(await project.install(product.index)).toEqual(WHOLE);
    } finally {
      project.remove();
    }
  },
);

test("uv writes the very same lock file without pypi-edge", async ({ skip }) => {
  const uv = LOCKERS[0];
  const environment = provided.get(uv) ?? null;
  skip(environment === null, "no wheels for uv");
  const [through, without] = [new Project(uv, present(environment)), new Project(uv, present(environment))];
  try {
    await through.lock(product.index);
    await through.map("canonical");
    expect(through.text()).toBe(await without.lock(witness.index));
  } finally {
    through.remove();
    without.remove();
  }
});

/** A project in a folder of its own, and its client. */
class Project {
  readonly #locker: Locker;
  readonly #client: Environment;
  readonly #folder = temporaryDirectory();

  constructor(locker: Locker, client: Environment) {
    this.#locker = locker;
    this.#client = client;
  }

  text(): string {
    return readFileSync(join(this.#folder, this.#locker.file), "utf8");
  }

  /** Has the client lock the project, and returns the lock file. */
  async lock(index: string): Promise<string> {
    writeFileSync(join(this.#folder, "pyproject.toml"), `${PROJECT}\n${this.#locker.settings(index)}`);
    await this.#environment();
    await this.#run(this.#locker.lock(index));
    return this.text();
  }

  /** Has the client install into an empty environment, and returns the modules that are there then. */
  async install(index: string): Promise<string[]> {
    const { site } = await this.#environment();
    await this.#run(this.#locker.install(index));
    return readdirSync(site).filter((name) => /^[a-z]+$/.test(name));
  }

  /** Runs `npm run lock` on the lock file. */
  async map(...args: string[]): Promise<string> {
    const file = join(this.#folder, this.#locker.file);
    return succeed(process.execPath, [COMMAND, ...args, "--upstream", witness.index, file], {});
  }

  remove(): void {
    discard(this.#folder);
  }

  /** The empty environment that each client finds in its project. Made by ourselves: poetry and pdm would put pip into theirs. */
  #environment(): Promise<Environment> {
    const directory = join(this.#folder, ".venv");
    rmSync(directory, { recursive: true, force: true });
    return freshEnvironment("python3", directory);
  }

  /** Runs the client with its caches and its configuration in this folder. */
  #run(args: string[]): Promise<string> {
    const module = this.#locker.requirements[0].split("==")[0] ?? "";
    const home = join(this.#folder, "home");
    const env = {
      ...bareVariables(),
      HOME: home,
      XDG_CACHE_HOME: join(home, "cache"),
      XDG_CONFIG_HOME: join(home, "config"),
      POETRY_VIRTUALENVS_IN_PROJECT: "true",
      POETRY_KEYRING_ENABLED: "false",
      PDM_CHECK_UPDATE: "0",
    };
    return succeed(this.#client.python, ["-m", module, ...args], { cwd: this.#folder, env });
  }
}

async function succeed(command: string, args: string[], surroundings: Surroundings): Promise<string> {
  const { code, output } = await run(command, args, surroundings);
  if (code !== 0) throw new Error(`${[command, ...args].join(" ")} ended with ${code}:\n${output}`);
  return output;
}

function present<T>(value: T | null): T {
  if (value === null) throw new Error("not available on this machine");
  return value;
}
