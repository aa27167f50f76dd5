import { expect, test } from "vitest";
import { isSpecifierSet } from "../../worker/pypi/specifiers.ts";

test.each([
  ">=3.9",
  ">= 3.9, !=3.12.*,<4",
  "~=3.9",
  "==3.*",
  "===3.9-custom",
  ">=3.9,",
  "",
  "==1.0+local",
  ">2!1.0.dev1",
  "~=1!2.0",
])("%j is a set of version specifiers", (text) => {
  expect(isSpecifierSet(text)).toBe(true);
});

test.each([
  "3.9",
  "=>3.9",
  "=3.9",
  ">=3.9.*",
  "~=3",
  ">=1.0+local",
  "==3.dev1.*",
  ">=three",
  ">=3.9 <4",
  ">=3.9\n",
  ">=3.9,\n<4",
  ">=3.9; os_name",
  "==*",
  "===",
])("%j is none", (text) => {
  expect(isSpecifierSet(text)).toBe(false);
});
