import { Uint8ArrayReader, Uint8ArrayWriter, ZipWriter } from "@zip.js/zip.js";

/** A member's content: text, bytes, or this many bytes that do not compress. */
type Content = string | Uint8Array | number;

/** A ZIP archive of these members in this order, deflated or, at level 0, stored. */
export async function zipped(members: Readonly<Record<string, Content>>, level = 6): Promise<Uint8Array> {
  const writer = new ZipWriter(new Uint8ArrayWriter(), { level, useWebWorkers: false });
  for (const [path, content] of Object.entries(members)) {
    await writer.add(path, new Uint8ArrayReader(bytesOf(content)));
  }
  return writer.close();
}

/** METADATA of a project as a build tool writes it. */
export const metadataText = (name: string, version = "1.0") =>
  `Metadata-Version: 2.1\nName: ${name}\nVersion: ${version}\nRequires-Dist: six\n\nWhat it is.\n`;

/** A wheel of `demo` 1.0 with `padding` bytes of code in front of its `dist-info`. */
export const demoWheel = (padding = 200_000, metadata = metadataText("demo")) =>
  zipped({
    "demo/__init__.py": padding,
    "demo-1.0.dist-info/METADATA": metadata,
    "demo-1.0.dist-info/WHEEL": "Wheel-Version: 1.0\n",
    "demo-1.0.dist-info/RECORD": "",
  });

function bytesOf(content: Content): Uint8Array {
  if (typeof content === "string") return new TextEncoder().encode(content);
  if (typeof content !== "number") return content;
  const bytes = new Uint8Array(content);
  for (let at = 0; at < content; at += 65_536) crypto.getRandomValues(bytes.subarray(at, at + 65_536));
  return bytes;
}
