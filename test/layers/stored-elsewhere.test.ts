import { expect, test } from "vitest";
import { filePath, Rig } from "../support/rig.ts";

const FILE = { filename: "demo-1.0-py3-none-any.whl", bytes: new Uint8Array(900).fill(1) };

test("a file that is stored is not fetched again where its page is, because the server has another address", async () => {
  const before = new Rig({ PUBLIC_URL: "https://one.test" });
  await before.upstream.publish("demo", [FILE]);
  await before.page("demo");
  await before.get(filePath(FILE.filename));

  const after = new Rig({ PUBLIC_URL: "https://other.test" });
  await after.upstream.publish("demo", [FILE]);
  await after.page("demo");
  expect(after.upstream.requests).toHaveLength(1);
  expect((await after.get(filePath(FILE.filename))).body).toEqual(FILE.bytes);
  expect(after.upstream.requests).toHaveLength(1);
});
