import { createHash } from "node:crypto";
import { gzipSync } from "node:zlib";
import { UPLOADED, type Distribution } from "./distribution.ts";

/** Builds a source distribution with one module that knows its version, to be built by flit-core: the client has to get that first. */
export function buildSdist(name: string, version: string): Distribution {
  const root = `${name}-${version}`;
  const bytes = gzipSync(
    tar({
      [`${root}/PKG-INFO`]: `Metadata-Version: 2.1\nName: ${name}\nVersion: ${version}\n`,
      [`${root}/pyproject.toml`]: pyproject(name, version),
      [`${root}/${name}/__init__.py`]: `__version__ = "${version}"\n`,
    }),
  );
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  return { project: name, version, filename: `${root}.tar.gz`, bytes, sha256 };
}

function pyproject(name: string, version: string): string {
  return `[build-system]
requires = ["flit_core>=3.4"]
build-backend = "flit_core.buildapi"

[project]
name = "${name}"
version = "${version}"
description = "Built where it is installed."
`;
}

const BLOCK = 512;

// Wheels know no time before 1980, and backends take the time of a file. Seconds.
const UPLOADED_AT = Math.floor(Date.parse(UPLOADED) / 1_000);

/** A ustar archive of regular files (POSIX.1-1988), ended by two empty blocks. */
function tar(members: Readonly<Record<string, string>>): Buffer {
  const blocks = Object.entries(members).flatMap(([path, text]) => {
    const content = Buffer.from(text);
    return [header(path, content.byteLength), content, Buffer.alloc((BLOCK - (content.byteLength % BLOCK)) % BLOCK)];
  });
  return Buffer.concat([...blocks, Buffer.alloc(2 * BLOCK)]);
}

function header(path: string, size: number): Buffer {
  const block = Buffer.alloc(BLOCK);
  const octal = (value: number, digits: number) => `${value.toString(8).padStart(digits, "0")}\0`;
  block.write(path, 0);
  block.write(octal(0o644, 7), 100);
  block.write(octal(0, 7), 108);
  block.write(octal(0, 7), 116);
  block.write(octal(size, 11), 124);
  block.write(octal(UPLOADED_AT, 11), 136);
  // The checksum is taken over a header whose own field is blank.
  block.write(" ".repeat(8), 148);
  block.write("0", 156);
  block.write("ustar", 257);
  block.write("00", 263);
  const sum = block.reduce((total: number, byte: number) => total + byte, 0);
  block.write(`${octal(sum, 6)} `, 148);
  return block;
}
