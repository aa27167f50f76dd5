import { expect, test } from "vitest";
import { inspect } from "../../worker/publishing/inspect/inspect.ts";
import { stagedOf } from "../support/release.ts";
import { refusal } from "./support.ts";

const fixture = async (filename: string) => {
  const response = await fetch(`http://fixtures.test/uploads/${filename}`);
  return new Uint8Array(await response.arrayBuffer());
};

test.each([
  ["plainuv-1.0.tar.gz", "plainuv", "1.0"],
  ["be_hatch-2024.1.2.tar.gz", "be-hatch", "2024.1.2"],
  ["quoteall-1.0-py3-none-any.whl", "quoteall", "1.0"],
  ["dupline-1.0-py3-none-any.whl", "dupline", "1.0"],
  ["verzero-1.0-py3-none-any.whl", "verzero", "1.0"],
])("a real file is taken: %s", async (filename, project, version) => {
  expect(await inspect(filename, stagedOf(await fixture(filename)))).toMatchObject({ filename, project, version });
});

test("a real sdist is taken whose links go up and have dots", async () => {
  const staged = stagedOf(await fixture("be_hatch-updown.tar.gz"));
  expect(await inspect("be_hatch-2024.1.2.tar.gz", staged)).toMatchObject({ version: "2024.1.2" });
});

test("the name of a real sdist must be its own", async () => {
  expect(await refusal("be_hatch-2024.1.3.tar.gz", await fixture("be_hatch-updown.tar.gz"))).toContain(
    "is be-hatch 2024.1.2 according to its PKG-INFO",
  );
});
