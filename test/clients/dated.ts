import { wheelFolder } from "../../cli/demo/folder.ts";
import type { Wheel } from "../../cli/demo/wheel.ts";
import type { WitnessSource } from "../../cli/demo/witness.ts";

/** An index of these wheels with times of upload: `ages` has, by version, for how long they have been there now. Milliseconds. */
export function dated(wheels: readonly Wheel[], ages: Readonly<Record<string, number>>): WitnessSource {
  const source = wheelFolder(wheels);
  const now = Date.now();
  return async (request) => {
    const answer = await source(request);
    if (!/json/.test(answer.headers["content-type"] ?? answer.headers["Content-Type"] ?? "")) return answer;
    const page = JSON.parse(Buffer.from(answer.body).toString()) as { files?: { filename: string }[] };
    const files = page.files?.map((file) => ({
      ...file,
      "upload-time": new Date(now - (ages[file.filename.split("-")[1] ?? ""] ?? 0)).toISOString(),
    }));
    return { ...answer, body: Buffer.from(JSON.stringify({ ...page, ...(files && { files }) })) };
  };
}
