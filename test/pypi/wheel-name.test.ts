import { expect, test } from "vitest";
import { parseWheelName } from "../../worker/pypi/wheel-name.ts";

test("a wheel's filename has its project, version and tags", () => {
  const name = parseWheelName("Acme_Demo-1.0.post1-3b-cp311.cp312-abi3-manylinux_2_17_x86_64.manylinux2014_x86_64.whl");
  expect(name).toMatchObject({ project: "acme-demo", version: "1.0.post1" });
  expect([...name.tags].toSorted()).toEqual([
    "cp311-abi3-manylinux2014_x86_64",
    "cp311-abi3-manylinux_2_17_x86_64",
    "cp312-abi3-manylinux2014_x86_64",
    "cp312-abi3-manylinux_2_17_x86_64",
  ]);
});

test.each([
  ["Acme.Demo-1.0-py3-none-any.whl", "acme_demo-1-py3-none-any.whl"],
  ["acme_demo-v1.0.0-PY3-none-any.whl", "acme_demo-1-py3-none-any.whl"],
  ["demo-1.0.0rc.01-py3.py2-none-any.whl", "demo-1rc1-py2.py3-none-any.whl"],
  ["demo-1_rc1-007ABC-py3-none-any.whl", "demo-1rc1-7abc-py3-none-any.whl"],
  ["demo-1.0+Ubuntu_1-py3-none-any.whl", "demo-1+ubuntu.1-py3-none-any.whl"],
  ["demo-2!1.0.0.dev0-py3-none-any.whl", "demo-2!1.dev0-py3-none-any.whl"],
])("%s is the same file as %s", (filename, identity) => {
  expect(parseWheelName(filename).identity).toBe(identity);
});

test.each([
  ["demo-1.0-py3-none.whl", "five or six fields"],
  ["demo-1.0-1-2-py3-none-any.whl", "five or six fields"],
  ["demo-1.0-py3-none-any.WHL", "five or six fields"],
  ["demo-1.0-py3-none-any.zip", "five or six fields"],
  ["../demo-1.0-py3-none-any.whl", "five or six fields"],
  ["demo\n-1.0-py3-none-any.whl", "five or six fields"],
  ["_demo-1.0-py3-none-any.whl", 'begins with "_demo"'],
  // Two of them in a row stand for no name (PEP 427), and pip does not see the file.
  ["dd__x-1.0-py3-none-any.whl", 'begins with "dd__x"'],
  ["d___x-1.0-py3-none-any.whl", 'begins with "d___x"'],
  ["démo-1.0-py3-none-any.whl", 'begins with "démo"'],
  ["demo-1.0%2Bcpu-py3-none-any.whl", 'gives "1.0%2Bcpu" as the version'],
  ["demo-1.0_cpu-py3-none-any.whl", 'gives "1.0_cpu" as the version'],
  ["demo-latest-py3-none-any.whl", 'gives "latest" as the version'],
  ["demo-1.0-a1-py3-none-any.whl", 'gives "a1" as the build tag'],
  ["demo-1.0-py3..py2-none-any.whl", "as a tag"],
  // packaging knows no post-release 1.0_1, and no Python 3 or 1py.
  ["demo-1.0_1-py3-none-any.whl", 'gives "1.0_1" as the version'],
  ["demo-1.0-3-none-any.whl", 'gives "3" as a tag'],
  ["demo-1.0-1-1py-none-any.whl", 'gives "1py" as a tag'],
  ["demo-1.0-py3.3-none-any.whl", 'gives "py3.3" as a tag'],
  ["demo-1.0-py3-none-any .whl", "as a tag"],
  // In lower case it is a "k".
  ["demo-1.0-py3-none-linux_\u212a.whl", "as a tag"],
  ["acme-demo-1.0-py3-none-any.whl", 'gives "demo" as the version'],
])("%s is refused", (filename, sentence) => {
  expect(() => parseWheelName(filename)).toThrow(sentence);
});

test("sets of tags that multiply are refused", () => {
  const set = (letter: string) => Array.from({ length: 12 }, (_, at) => letter + at).join(".");
  expect(() => parseWheelName(`demo-1.0-${set("a")}-${set("b")}-${set("c")}.whl`)).toThrow("has more than 1000 tags");
});
