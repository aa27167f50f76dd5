import { createHash } from "node:crypto";
import { readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Uint8ArrayReader, Uint8ArrayWriter, ZipWriter } from "@zip.js/zip.js";
import { CommandError } from "../lib/command-error.ts";

/** Of every member, so that the same input gives the same bytes. It is read as local time, and written as such. */
const EPOCH = new Date(1980, 0, 2);

/** Signatures of RECORD (PEP 427) no longer hold once it changes. */
const SIGNATURES = ["RECORD.jws", "RECORD.p7s"];

/**
 * Packs an unpacked and patched wheel under another version: METADATA, the names of its folders, RECORD.
 *
 * @param filename of the wheel that it was
 * @returns the filename, in `output`
 * @throws CommandError where the folder is not a wheel's
 */
export async function packWheel(
  folder: string,
  { filename, from, to }: { readonly filename: string; readonly from: string; readonly to: string },
  output: string,
): Promise<string> {
  const [name = "", before = "", ...tags] = filename.split("-");
  const escaped = to.replaceAll("-", "_");
  for (const kind of ["dist-info", "data"]) {
    const old = readdirSync(folder).find((each) => each === `${name}-${before}.${kind}`);
    if (old !== undefined) renameSync(join(folder, old), join(folder, `${name}-${escaped}.${kind}`));
    else if (kind === "dist-info") throw new CommandError(`${filename} has no folder ${name}-${before}.dist-info.`);
  }
  const info = `${name}-${escaped}.dist-info`;
  const metadata = join(folder, info, "METADATA");
  const text = readFileSync(metadata, "latin1");
  const [head = "", ...rest] = text.split(/\r?\n\r?\n/);
  const changed = head.replace(/^Version:.*$/im, `Version: ${to}`);
  if (!/^Version:/im.test(head)) throw new CommandError(`${filename} says no version in its METADATA; it is ${from}.`);
  writeFileSync(metadata, [changed, ...rest].join("\n\n"), "latin1");
  const record = `${info}/RECORD`;
  const paths = filesIn(folder).filter(
    (path) => path !== record && !SIGNATURES.some((each) => path === `${info}/${each}`),
  );
  const lines = paths.map((path) => {
    const bytes = readFileSync(join(folder, path));
    return `${quoted(path)},sha256=${createHash("sha256").update(bytes).digest("base64url")},${bytes.byteLength}`;
  });
  writeFileSync(join(folder, record), [...lines, `${record},,`, ""].join("\n"));
  const packed = [name, escaped, ...tags].join("-");
  writeFileSync(join(output, packed), await zipped(folder, [...paths, record]));
  return packed;
}

const quoted = (path: string) => (/[",\r\n]/.test(path) ? `"${path.replaceAll('"', '""')}"` : path);

/** The files of a folder by their paths, those of `*.dist-info` last (PEP 427). */
function filesIn(folder: string): string[] {
  const all = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) =>
      join(entry.parentPath, entry.name)
        .slice(folder.length + 1)
        .replaceAll("\\", "/"),
    );
  const isInfo = (path: string) => /^[^/]+\.dist-info\//.test(path);
  return all.toSorted().toSorted((one, other) => Number(isInfo(one)) - Number(isInfo(other)));
}

async function zipped(folder: string, paths: readonly string[]): Promise<Uint8Array> {
  const writer = new ZipWriter(new Uint8ArrayWriter(), {
    useWebWorkers: false,
    extendedTimestamp: false,
    dataDescriptor: false,
  });
  for (const path of paths) {
    await writer.add(path, new Uint8ArrayReader(readFileSync(join(folder, path))), {
      lastModDate: EPOCH,
    });
  }
  return writer.close();
}
