import { expect, test } from "vitest";
import { versionMatcher } from "../../worker/pypi/version-match.ts";

test.each([
  ["==1.0", "1", true],
  ["==1.0", "1.0.0+cu121", true],
  ["==1.0+cu121", "1.0", false],
  ["==1.0+cu121", "1.0+CU121", true],
  ["!=1.0", "1.0.0", false],
  ["==1.*", "1.9rc1", true],
  ["==1.0.*", "1", true],
  ["==1.0.*", "1.10", false],
  ["!=1.*", "1.9", false],
  ["==1!1.*", "1.5", false],
  ["<2", "2.0rc1", false],
  ["<2rc2", "2.0rc1", true],
  ["<2", "1.9.dev1", true],
  [">1.7", "1.7.post1", false],
  [">1.7", "1.7.1", true],
  [">1.7.post1", "1.7.post2", true],
  [">1.7", "1.7+local", false],
  ["<=1.0", "1.0+local", true],
  [">=1.0", "1.0rc1", false],
  ["~=2.2", "2.9", true],
  ["~=2.2", "3.0", false],
  ["~=2.2.post3", "2.2", false],
  ["~=1.4.5", "1.4.9", true],
  ["~=1.4.5", "1.5", false],
  ["===odd", "ODD", true],
  [">=1, <3, !=2.0", "2", false],
  ["", "anything", true],
  ["<2", "2004d-legacy", undefined],
])("%s has %s: %s", (specifiers, version, fits) => {
  expect(versionMatcher(specifiers)(version)).toBe(fits);
});
