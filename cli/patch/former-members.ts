import { readFileSync, writeFileSync } from "node:fs";
import { gunzipSync, gzipSync } from "node:zlib";
import { packTar, unpackTar } from "modern-tar";

/**
 * Leaves the last one of members of the same name in an sdist: that is what a tar means, and readers differ on it, so that no index takes
 * such a file. hatchling puts all that lies in the folder into an sdist, with the PKG-INFO of the sdist that was unpacked, and its own
 * behind it, which it needs: it reads dynamic fields from there.
 *
 * @param path an sdist (`*.tar.gz`) that was built just now
 */
export async function dropFormerMembers(path: string): Promise<void> {
  const members = await unpackTar(gunzipSync(readFileSync(path)));
  const last = new Map(members.map(({ header }, at) => [header.name, at]));
  if (last.size === members.length) return;
  const kept = members.filter(({ header }, at) => last.get(header.name) === at);
  const packed = await packTar(kept.map(({ header, data }) => ({ header, ...(data && { body: data }) })));
  writeFileSync(path, gzipSync(packed));
}
