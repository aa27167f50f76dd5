import { expect, test } from "vitest";
import { isCoreMetadata } from "../../worker/pypi/core-metadata.ts";
import type { Filename } from "../../worker/pypi/filename.ts";
import { parseProjectName } from "../../worker/pypi/name.ts";
import { metadataText } from "../support/wheel.ts";

const fits = (text: string, wheel: string) =>
  isCoreMetadata(new TextEncoder().encode(text), wheel as Filename, parseProjectName("demo"));

test.each([
  ["Demo", "1.0", "demo-1.0-py3-none-any.whl", true],
  ["demo", "1.0+cpu", "demo-1.0+cpu-py3-none-any.whl", true],
  ["demo", "1.0+cpu", "demo-1.0_cpu-py3-none-any.whl", true],
  ["demo", "1!1.0-RC1", "demo-1_1.0_rc1-2-py3-none-any.whl", true],
  ["demo", "6.6", "demo-1.0-py3-none-any.whl", false],
  ["demo", "1.0.1", "demo-1.0-py3-none-any.whl", false],
  ["demo", "10", "demo-1.0-py3-none-any.whl", false],
  ["other", "1.0", "demo-1.0-py3-none-any.whl", false],
])("metadata of %s %s beside %s: %s", (name, version, wheel, expected) => {
  expect(fits(metadataText(name, version), wheel)).toBe(expected);
});

test("metadata without a version, or with one in its description only, is none", () => {
  const headers = "Metadata-Version: 2.1\nName: demo\n";
  expect(fits(headers, "demo-1.0-py3-none-any.whl")).toBe(false);
  expect(fits(`${headers}\nVersion: 1.0\n`, "demo-1.0-py3-none-any.whl")).toBe(false);
});
