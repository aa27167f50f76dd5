import { describe, expect, test } from "vitest";
import { hex, read } from "./support.ts";

const FILES = "https://files.pythonhosted.org/packages";
const sha256 = (digit: string) => ({ algorithm: "sha256", hex: hex(digit) });

describe("uv.lock", () => {
  const text = `version = 1
revision = 3
requires-python = ">=3.11"
resolution-markers = [
    "sys_platform == 'darwin'",
]

[[package]]
name = "app"
version = "0.1.0"
source = { virtual = "." }
dependencies = [
    { name = "six" },
]

[package.metadata]
requires-dist = [{ name = "six" }]

[[package]]
name = "six"
version = "1.17.0"
source = { registry = "https://pypi.org/simple" }
sdist = { url = "${FILES}/94/e7/six-1.17.0.tar.gz", hash = "sha256:${hex("a")}", size = 34031, upload-time = "2024-12-04T17:35:28.174Z" }
wheels = [
    { url = "${FILES}/b7/ce/six-1.17.0-py2.py3-none-any.whl", hash = "sha256:${hex("b")}", size = 11050 },
]

[[package]]
name = "torch"
version = "2.9.1+cpu"
source = { registry = "https://download.pytorch.org/whl/cpu" }
wheels = [
    { url = "https://download.pytorch.org/whl/cpu/torch-2.9.1%2Bcpu-cp311-cp311-linux_x86_64.whl", hash = "sha256:${hex("c")}" },
]

[[package]]
name = "flat"
version = "1.0"
source = { registry = "../wheels" }
wheels = [{ path = "flat-1.0-py3-none-any.whl" }]

[[package]]
name = "tool"
version = "1.0"
source = { git = "https://github.com/example/tool?rev=main#0a1b" }
`;

  test("is read with its files, their lines and what comes from elsewhere", () => {
    expect(read("uv.lock", text)).toEqual({
      packages: [
        {
          name: "six",
          version: "1.17.0",
          line: 19,
          files: [
            {
              filename: "six-1.17.0.tar.gz",
              url: `${FILES}/94/e7/six-1.17.0.tar.gz`,
              digests: [sha256("a")],
              size: 34_031,
              line: 23,
            },
            {
              filename: "six-1.17.0-py2.py3-none-any.whl",
              url: `${FILES}/b7/ce/six-1.17.0-py2.py3-none-any.whl`,
              digests: [sha256("b")],
              size: 11_050,
              line: 25,
            },
          ],
          digests: [],
        },
        {
          name: "torch",
          version: "2.9.1+cpu",
          line: 28,
          files: [
            {
              filename: "torch-2.9.1+cpu-cp311-cp311-linux_x86_64.whl",
              url: "https://download.pytorch.org/whl/cpu/torch-2.9.1%2Bcpu-cp311-cp311-linux_x86_64.whl",
              digests: [sha256("c")],
              line: 33,
            },
          ],
          digests: [],
        },
      ],
      elsewhere: ["app", "flat", "tool"],
    });
  });

  test("is the same with a byte order mark and CRLF", () => {
    expect(read("uv.lock", `\uFEFF${text.replaceAll("\n", "\r\n")}`)).toEqual(read("uv.lock", text));
  });

  test("may have a package twice, as uv forks it", () => {
    const [head = ""] = text.split("[[package]]");
    const fork = (version: string) =>
      `[[package]]\nname = "six"\nversion = "${version}"\nsource = { registry = "https://pypi.org/simple" }\n`;
    const { packages } = read("script.py.lock", head + fork("1.16.0") + fork("1.17.0"));
    expect(packages.map(({ version, line }) => [version, line])).toEqual([
      ["1.16.0", 8],
      ["1.17.0", 12],
    ]);
  });

  test("has a package elsewhere of which all files lie on a disk", () => {
    const own = `version = 1\n[[package]]\nname = "six"\nversion = "1.17.0"\nsource = { registry = "https://h.example" }\n`;
    const files = `wheels = [{ path = "six-1.17.0-py3-none-any.whl" }, { url = "file:///six-1.17.0.zip" }]`;
    expect(read("uv.lock", own + files)).toEqual({ packages: [], elsewhere: ["six"] });
    expect(read("uv.lock", own).packages[0]?.files).toEqual([]);
  });

  test("keeps no credentials and no fragment of a URL", () => {
    const url = `https://me:secret@h.example/six-1.17.0.tar.gz#sha256=00`;
    const { packages } = read("uv.lock", text.replace(`${FILES}/94/e7/six-1.17.0.tar.gz`, url));
    expect(packages[0]?.files[0]?.url).toBe("https://h.example/six-1.17.0.tar.gz");
  });
});
