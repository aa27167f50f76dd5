import { describe, expect, test } from "vitest";
import { planCanonical } from "../../../worker/locks/mapping/canonical.ts";
import { planLocal } from "../../../worker/locks/mapping/local.ts";
import type { LockUpstream, LockUpstreams } from "../../../worker/locks/mapping/upstream.ts";
import { mappable } from "./support.ts";

const ROOT = { origin: "https://edge.example", path: "/team" };

const PYPI: LockUpstream = { index: { origin: "https://pypi.org", path: "/simple" } };
const TORCH: LockUpstream = { index: { origin: "https://download.pytorch.org", path: "/whl/cpu" } };
const CORP: LockUpstream = {
  index: { origin: "https://pkgs.corp.example", path: "/simple" },
  files: "https://files.corp.example",
};

const WHEELS: Record<string, string> = {
  six: "https://files.pythonhosted.org/packages/aa/six-1.0-py3-none-any.whl",
  torch: "https://download.pytorch.org/whl/cpu/torch-2.9.1%2Bcpu-cp311-cp311-linux_x86_64.whl",
  tool: "https://files.corp.example/tool-1.0-py3-none-any.whl",
};

/** A uv.lock of packages by the indexes that they come from, and of a project that depends on them. */
const uvLock = (packages: Readonly<Record<string, string>>) => `version = 1

[[package]]
name = "app"
version = "0.1.0"
source = { virtual = "." }
dependencies = [
${Object.entries(packages)
  .map(([name, index]) => `    { name = "${name}", version = "1.0", source = { registry = "${index}" } },\n`)
  .join("")}]

[package.metadata]
requires-dist = [
${Object.entries(packages)
  .map(([name, index]) => `    { name = "${name}", index = "${index}" },\n`)
  .join("")}]
${Object.entries(packages)
  .map(
    ([name, index]) => `
[[package]]
name = "${name}"
version = "1.0"
source = { registry = "${index}" }
wheels = [
    { url = "${WHEELS[name]}", hash = "sha256:aa" },
]
`,
  )
  .join("")}`;

const file = mappable;
const local = (text: string, upstreams: LockUpstreams, name = "uv.lock") =>
  planLocal(file(name, text), { upstreams, root: ROOT });
const canonical = (text: string, upstreams: LockUpstreams, name = "uv.lock") =>
  planCanonical(file(name, text), { upstreams, roots: [ROOT] });

const LOCK = uvLock({
  six: "https://pypi.org/simple",
  torch: "https://download.pytorch.org/whl/cpu",
  tool: "https://pkgs.corp.example/simple",
});

describe("a lock of packages from several upstreams", () => {
  test("becomes one of a single index, and what it was, byte for byte", () => {
    const there = local(LOCK, [PYPI, TORCH, CORP]);
    expect(there.text).not.toMatch(/https:\/\/(?!edge\.example\/team\/)/);
    expect(there.summary).toBe("uv.lock: 12 URLs mapped to those of https://edge.example/team.");
    expect(canonical(there.text, [CORP, TORCH, PYPI]).text).toBe(LOCK);
  });

  test("keeps the URLs of an upstream that is not named", () => {
    expect(local(LOCK, [PYPI, TORCH]).text).toContain('source = { registry = "https://pkgs.corp.example/simple" }');
  });

  test("is not mapped back where files do not tell the upstream, and nothing is guessed", () => {
    const hidden = LOCK.replaceAll("https://files.corp.example/", "https://elsewhere.example/");
    const there = local(hidden, [PYPI, TORCH, CORP]).text;
    expect(() => canonical(there, [PYPI, TORCH, CORP])).toThrow(
      /^uv\.lock: https:\/\/edge\.example\/team\/simple cannot be mapped: the file does not say which of https:\/\/pypi\.org\/simple, .* it is from/,
    );
    const claimed: LockUpstreams = [PYPI, TORCH, { ...CORP, projects: ["tool"] }];
    expect(canonical(there, claimed).text).toBe(hidden);
  });

  test("knows each of two packages of one name by its own files", () => {
    const two = `${uvLock({ torch: "https://download.pytorch.org/whl/cpu" })
      .split("\n\n[package.metadata]")[0]
      ?.replace(/dependencies = \[[^\]]*\]/, "")}
[[package]]
name = "torch"
source = { registry = "https://download.pytorch.org/whl/cpu" }
wheels = [{ url = "${WHEELS["torch"]}" }]

[[package]]
name = "torch"
source = { registry = "https://pypi.org/simple" }
wheels = [{ url = "https://files.pythonhosted.org/packages/aa/torch-2.9.1-cp311-cp311-macosx_11_0_arm64.whl" }]
`;
    expect(canonical(local(two, [PYPI, TORCH]).text, [PYPI, TORCH]).text).toBe(two);
  });

  test("of poetry, which names no files' URLs, is told apart by what the upstreams claim", () => {
    const lock = `[[package]]\nname = "torch"\nversion = "2.9.1"\nfiles = []\n\n[package.source]\ntype = "legacy"\nurl = "https://download.pytorch.org/whl/cpu"\nreference = "torch"\n`;
    const there = local(lock, [PYPI, TORCH], "poetry.lock").text;
    expect(there).toContain('url = "https://edge.example/team/simple"');
    expect(canonical(there, [PYPI, { ...TORCH, projects: ["torch*"] }], "poetry.lock").text).toBe(lock);
    expect(() => canonical(there, [PYPI, TORCH], "poetry.lock")).toThrow("does not say which of");
  });
});
