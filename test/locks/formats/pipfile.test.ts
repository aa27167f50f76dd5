import { describe, expect, test } from "vitest";
import { hex, read } from "./support.ts";

const sha256 = (digit: string) => ({ algorithm: "sha256", hex: hex(digit) });

describe("Pipfile.lock", () => {
  test("is read in all its categories", () => {
    const text = `{
    "_meta": {
        "hash": {
            "sha256": "5cab"
        },
        "pipfile-spec": 6,
        "requires": {},
        "sources": [{"name": "pypi", "url": "https://pypi.org/simple", "verify_ssl": true}]
    },
    "default": {
        "six": {
            "hashes": [
                "sha256:${hex("a")}",
                "sha256:${hex("b")}"
            ],
            "index": "pypi",
            "markers": "python_version >= '2.7'",
            "version": "==1.17.0"
        },
        "tool": {
            "git": "https://github.com/example/tool.git",
            "ref": "0a1b"
        }
    },
    "develop": {
        "here": {"editable": true, "path": "."}
    },
    "docs": {
        "Typing.Extensions": {"version": "==4.12.2"}
    }
}
`;
    expect(read("Pipfile.lock", text)).toEqual({
      packages: [
        { name: "six", version: "1.17.0", line: 11, files: [], digests: [sha256("a"), sha256("b")] },
        { name: "typing-extensions", version: "4.12.2", line: 29, files: [], digests: [] },
      ],
      elsewhere: ["tool", "here"],
    });
  });

  test("may begin with a byte order mark", () => {
    expect(read("Pipfile.lock", `\uFEFF{"_meta": {"pipfile-spec": 6}}`)).toEqual({ packages: [], elsewhere: [] });
  });
});
