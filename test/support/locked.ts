import { Rig } from "./rig.ts";
import { FakeUpstream, sha256, type FakeFile } from "./upstream.ts";
import { metadataText, zipped } from "./wheel.ts";

/** A package of an upstream: its wheel, with metadata beside it, and its sdist. */
export interface Package {
  readonly name: string;
  readonly wheel: FakeFile;
  readonly sdist: FakeFile;
}

/** A package of 1.0 whose wheel has `padding` bytes that do not compress. */
export async function packaged(name: string, padding = 100): Promise<Package> {
  const metadata = metadataText(name);
  const bytes = await zipped({ [`${name}/__init__.py`]: padding, [`${name}-1.0.dist-info/METADATA`]: metadata });
  return {
    name,
    wheel: { filename: `${name}-1.0-py3-none-any.whl`, bytes, metadata },
    sdist: { filename: `${name}-1.0.tar.gz`, bytes: new TextEncoder().encode(`the source of ${name}`) },
  };
}

/** An index whose upstream has `count` packages, `p0` and so on, each with a wheel, its metadata and an sdist. */
export async function shelf(count: number): Promise<{ rig: Rig; packages: Package[] }> {
  const rig = new Rig();
  const packages = await Promise.all(Array.from({ length: count }, (_, at) => packaged(`p${at}`)));
  for (const { name, wheel, sdist } of packages) await rig.upstream.publish(name, [wheel, sdist]);
  return { rig, packages };
}

/** A uv.lock of these files, by the names of their packages. */
export async function uvLock(files: readonly { readonly name: string; readonly files: readonly FakeFile[] }[]) {
  const packages = await Promise.all(
    files.map(async ({ name, files: own }) => {
      const tables = await Promise.all(
        own.map(async ({ filename, bytes }) => ({ filename, hash: await sha256(bytes) })),
      );
      const lines = tables.map(({ filename, hash }) => {
        const url = FakeUpstream.FILES + encodeURIComponent(filename);
        return { filename, line: `{ url = "${url}", hash = "sha256:${hash}" }` };
      });
      const sdist = lines.find(({ filename }) => !filename.endsWith(".whl"));
      const wheels = lines.filter(({ filename }) => filename.endsWith(".whl"));
      return [
        "[[package]]",
        `name = "${name}"`,
        'version = "1.0"',
        `source = { registry = "${FakeUpstream.INDEX}" }`,
        ...(sdist ? [`sdist = ${sdist.line}`] : []),
        "wheels = [",
        ...wheels.map(({ line }) => `    ${line},`),
        "]",
        "",
      ].join("\n");
    }),
  );
  return `version = 1\nrevision = 3\nrequires-python = ">=3.12"\n\n${packages.join("\n")}`;
}

/** How often the upstream was asked for each address that it was asked for. */
export const asked = (rig: Rig) =>
  Object.fromEntries([...Map.groupBy(rig.upstream.requests, (line) => line)].map(([line, all]) => [line, all.length]));
