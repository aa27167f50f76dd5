import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { fewOpenFiles, saysNoMoreFiles } from "../../server/open-files.ts";

test.each([
  [64, /^This process may open 64 files at a time, .+ start the server anew\.$/],
  [511, /^This process may open 511 files/],
])("a limit of %i open files is said", (limit, sentence) => {
  expect(fewOpenFiles(limit)).toMatch(sentence);
});

test.each([512, 1_048_576])("a limit of %i open files needs no word", (limit) => {
  expect(fewOpenFiles(limit)).toBeUndefined();
});

test("only the system's own codes say that no more files can be opened", () => {
  const withCode = (code: string) => Object.assign(new Error(code), { code });
  const errors = [withCode("EMFILE"), withCode("ENFILE"), withCode("EACCES"), new Error("EMFILE"), "EMFILE"];
  expect(errors.map(saysNoMoreFiles)).toEqual([true, true, false, false, false]);
});

test.skipIf(process.platform === "win32")("the limit is that of the process", async () => {
  const file = fileURLToPath(new URL("../../server/open-files.ts", import.meta.url).href);
  const print = `import(${JSON.stringify(file)}).then(({ fewOpenFiles }) => console.log(fewOpenFiles()))`;
  const command = ["-c", 'ulimit -n 64; exec "$0" -e "$1"', process.execPath, print];
  const { stdout } = await promisify(execFile)("sh", command);
  expect(stdout).toContain("may open 64 files");
});
