import { createWriteStream, statSync } from "node:fs";
import { rename, rm } from "node:fs/promises";
import { pipeline } from "node:stream/promises";
import { Readable } from "node:stream";
import { causeOf, sendRequest } from "../lib/admin-api.ts";
import { escaped } from "../../worker/pypi/shown.ts";
import { sizeText } from "../../worker/pypi/size-text.ts";
import { command, forServer } from "../lib/command.ts";
import { CommandError } from "../lib/command-error.ts";
import { writeErrorText } from "../../server/file-errors.ts";
import { showProgress } from "../lib/progress.ts";
import { findServer } from "../lib/server-address.ts";
import { lockRequest } from "./lock-file.ts";
import { LOCK_FILES } from "../../worker/locks/formats/formats.ts";

/** `pypi-edge wheelhouse`: writes the files of a lock as one tar. The server verifies each file before it sends the first byte. */
export const wheelhouseCommand = () =>
  forServer(
    command(
      "wheelhouse",
      "write the files that a lock file asks for into one tar, for pip install --no-index --find-links",
      [["pypi-edge wheelhouse uv.lock -o wheelhouse.tar", "then: tar xf wheelhouse.tar -C wheelhouse"]],
    ),
  )
    .argument("<file>", LOCK_FILES)
    .requiredOption("-o, --output <file>", "the tar to write; it is written whole, or not at all")
    .option("--index <name>", "the index that has the lock's packages (the token's, or default)")
    .option("--python <version>", "only files for this Python, such as 3.12")
    .option("--platform <tag>", "only files for this platform, such as manylinux_2_28_x86_64")
    .action(async (file, options) => {
      refuseOther(options.output);
      const server = await findServer(options);
      const { query, body } = await lockRequest(file, options);
      const answer = await sendRequest(server, "POST", `wheelhouse?${query}`, body);
      const bytes = await save(answer, options.output);
      const [elsewhere, unfit] = [namesIn(answer, "X-Elsewhere"), namesIn(answer, "X-Unfit")];
      if (options.json) return console.log(JSON.stringify({ output: options.output, bytes, elsewhere, unfit }));
      if (elsewhere.length > 0)
        console.log(`From another index or none, so left out: ${escaped(elsewhere.join(", "))}.`);
      if (unfit.length > 0) console.log(`No file of these packages fits: ${escaped(unfit.join(", "))}.`);
      console.log(`${options.output}: ${sizeText(bytes)}.`);
    });

/** The packages that a header of the answer names. */
const namesIn = ({ headers }: Response, header: string) => headers.get(header)?.split(", ") ?? [];

/** Throws a `CommandError` where something that is no file is in the tar's place, such as a device: the tar would replace it. */
function refuseOther(output: string): void {
  const found = statSync(output, { throwIfNoEntry: false });
  if (!found || found.isFile()) return;
  const what = found.isDirectory() ? "a directory, not a file" : "it is no file, and is not replaced by one";
  throw new CommandError(`${output} cannot be written: ${what}.`);
}

/** Writes an answer's body to a file, which appears once it is complete. @returns bytes */
async function save(answer: Response, output: string): Promise<number> {
  const draft = `${output}.part`;
  const of = Number(answer.headers.get("Content-Length") ?? 0);
  const bar = showProgress(process.stderr);
  let done = 0;
  async function* counted(chunks: AsyncIterable<Uint8Array>) {
    for await (const chunk of chunks) {
      done += chunk.byteLength;
      bar.show({ done, of: Math.max(of, done), unit: "bytes", text: output });
      yield chunk;
    }
  }
  try {
    await pipeline(Readable.from(answer.body ?? []), counted, createWriteStream(draft));
    await rename(draft, output);
  } catch (error) {
    await rm(draft, { force: true });
    const { syscall } = error as NodeJS.ErrnoException;
    throw new CommandError(
      syscall === undefined
        ? `The transfer broke off (${causeOf(error)}), so that ${output} was not written. Run the command again: the server keeps the files that it has stored.`
        : `${output} cannot be written: ${writeErrorText(error)}.`,
    );
  } finally {
    bar.end();
  }
  return done;
}
