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
  " ",
  "==1!1.0.*",
  "!= v1.*",
  "==1.0-1",
  "~=1.0rc1",
  ">= 3.9 , <4 ,",
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
  // packaging takes no prefix but a release, whatever PEP 440 says.
  "==1.0a1.*",
  "!=1.0rc1.*",
  "==1.0.post1.*",
  "==1.0-1.*",
  "==1.*.*",
  "==1.0+local.*",
  "~=1.0.*",
  "~=1.0+local",
  // packaging passes over these commas; uv refuses the file.
  ",",
  ",,,,",
  " , ",
  ">=3,,<4",
  ",>=3",
  ">=3,,",
  ">=three",
  ">=3.9 <4",
  ">=3.9\n",
  ">=3.9,\n<4",
  ">=3.9; os_name",
  // Blanks to packaging.
  "===3\u001c9",
  "===3\u0085",
  ">=3.9\u000b",
  "==*",
  "===",
])("%j is none", (text) => {
  expect(isSpecifierSet(text)).toBe(false);
});
