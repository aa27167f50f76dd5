import { readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, inject, test } from "vitest";
import { run } from "../../../cli/demo/process.ts";
import type { Filename } from "../../../worker/pypi/filename.ts";
import { narrowing } from "../../../worker/locks/formats/narrow.ts";

const SCRIPT = join(import.meta.dirname, "..", "validators", "tags.py");

/** What `packaging` says; `fits` are places in `tags`. */
interface Oracle {
  readonly tags: readonly string[];
  readonly environments: readonly { readonly python: string; readonly platform: string; readonly fits: number[] }[];
}

/** The tags of wheels that there really are. */
function realTags(): string[] {
  const house = process.env["WHEELHOUSE"];
  const wheels = house ? readdirSync(house).filter((name) => name.endsWith(".whl")) : [];
  return [...new Set(wheels.map((name) => name.slice(0, -".whl".length).split("-").slice(-3).join("-")))];
}

const { validators } = inject("others");

test.skipIf(validators === null)(
  "a lock is narrowed to the wheels that packaging.tags has for the environment",
  async () => {
    const { code, output, stdout } = await run(validators ?? "", [SCRIPT, ...realTags()]);
    expect(code, output).toBe(0);
    const { tags, environments } = JSON.parse(stdout) as Oracle;
    const wheels = tags.map((tag) => ({ tag, filename: `demo-1.0-${tag}.whl` as Filename }));
    const sdist = { tag: "the sdist", filename: "demo-1.0.tar.gz" as Filename };
    let both = 0;
    for (const { python, platform, fits } of environments) {
      const narrowed = narrowing(python, platform);
      const place = new Set(fits);
      const wrong = wheels.flatMap((wheel, at) => {
        const [taken] = narrowed([sdist, wheel]);
        return taken === (place.has(at) ? wheel : sdist) ? [] : [wheel.tag];
      });
      expect(wrong, `${python} on ${platform}`).toEqual([]);
      both += fits.length;
    }
    expect(environments.length).toBeGreaterThan(150);
    expect(both).toBeGreaterThan(5_000);
  },
);
