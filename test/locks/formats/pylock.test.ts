import { describe, expect, test } from "vitest";
import { hex, read, refusalOf } from "./support.ts";

const FILES = "https://files.pythonhosted.org/packages";
const sha256 = (digit: string) => ({ algorithm: "sha256", hex: hex(digit) });

describe("pylock.toml", () => {
  const text = `lock-version = "1.0"
created-by = "pip"

[[packages]]
name = "six"
index = "https://pypi.org/simple"

[[packages.wheels]]
name = "six-1.17.0-py2.py3-none-any.whl"
url = "https://edge.example/files/files.pythonhosted.org/six-1.17.0-py2.py3-none-any.whl"
size = 11050

[packages.wheels.hashes]
sha256 = "${hex("b")}"
blake2b = "00"
sha512 = "${hex("d")}${hex("d")}"

[packages.sdist]
url = "${FILES}/six-1.17.0.tar.gz"
hashes = { sha256 = "${hex("a")}" }

[[packages]]
name = "tool"
vcs = { type = "git", url = "https://github.com/example/tool.git", commit-id = "0a1b" }

[[packages]]
name = "local"
version = "1.0"
wheels = [{ path = "wheels/local-1.0-py3-none-any.whl", hashes = { sha256 = "${hex("c")}" } }]

[[packages]]
name = "arch"
archive = { url = "https://example.com/arch.zip", hashes = { sha256 = "${hex("c")}" } }

[[packages]]
name = "dir"
directory = { path = ".", editable = true }
`;

  test("is read with all digests of its files, and the version that these say", () => {
    expect(read("pylock.ci.toml", text)).toEqual({
      packages: [
        {
          name: "six",
          version: "1.17.0",
          line: 4,
          files: [
            {
              filename: "six-1.17.0-py2.py3-none-any.whl",
              url: "https://edge.example/files/files.pythonhosted.org/six-1.17.0-py2.py3-none-any.whl",
              digests: [sha256("b"), { algorithm: "sha512", hex: hex("d") + hex("d") }],
              size: 11_050,
              line: 10,
            },
            {
              filename: "six-1.17.0.tar.gz",
              url: `${FILES}/six-1.17.0.tar.gz`,
              digests: [sha256("a")],
              line: 19,
            },
          ],
          digests: [],
        },
      ],
      elsewhere: ["tool", "local", "arch", "dir"],
    });
  });

  test("with a package that has nothing to install is refused", () => {
    expect(refusalOf(() => read("pylock.toml", 'lock-version = "1.0"\n[[packages]]\nname = "six"\n'))).toMatch(
      /^unprocessable: pylock.toml line 2: six has neither wheels nor an sdist/,
    );
  });
});
