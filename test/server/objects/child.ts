import { createHash } from "node:crypto";
import { openObjects } from "../../../server/objects/open-objects.ts";
import { Writer } from "../../../server/sqlite/writer.ts";
import { messageOf } from "../../../worker/errors.ts";
import { DURABLE_PREFIXES } from "../../../worker/platform/objects.ts";
import { contentOf } from "./content.ts";

/**
 * A process that writes objects until it is killed, or until the system has no more room for it. Arguments: what to do,
 * the folder, a number that makes its keys its own.
 */
const [what, folder = "", run = ""] = process.argv.slice(2);
const objects = await openObjects(folder, new Writer(), { durable: DURABLE_PREFIXES });

/** The parent reads a line for each write that was answered. */
const say = (...words: string[]) => process.stdout.write(`${words.join(" ")}\n`);

const failure = (work: Promise<unknown>) => work.then(() => "stored", messageOf);

async function writeUntilKilled(key: string, at: number): Promise<void> {
  const content = contentOf(key, at);
  await objects.put(key, content, { sha256: createHash("sha256").update(content).digest("hex") });
  say("put", key, String(at));
  if (at % 3 === 2) {
    say("deleting", key);
    await objects.delete(key);
    say("deleted", key);
  }
}

if (what === "write") {
  for (let at = 0; ; at++) {
    const upload = await objects.createMultipartUpload(`staging/${run}-${at}`);
    const part = await upload.uploadPart(1, contentOf("part", at));
    await Promise.all([
      writeUntilKilled(`hosted/${run}-${at}/a`, at),
      writeUntilKilled(`file/x/${at % 5}`, at),
      upload.complete([part]),
    ]);
  }
} else if (what === "fill") {
  // A file may have 100 KiB here.
  say(await failure(objects.put("file/small", contentOf("file/small", 0))));
  say(await failure(objects.put("file/large", new Uint8Array(200_000))));
  say(await failure(objects.put("file/large", new Blob([new Uint8Array(200_000)]).stream())));
} else {
  // Some 60 files may be open here.
  const puts = Array.from({ length: 200 }, (_, at) => failure(objects.put(`file/${at}`, contentOf(`file/${at}`, 0))));
  const results = await Promise.all(puts);
  say(...new Set(results.map((result) => (/^(?:stored|EMFILE)/.exec(result)?.[0] ?? result).replaceAll(" ", "_"))));
  say(await failure(objects.put("file/later", "abc")));
}
await objects.close();
process.exit();
