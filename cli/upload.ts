import { escaped } from "../worker/pypi/shown.ts";
import { setTimeout as sleep } from "node:timers/promises";
import { readServer, SERVER_OPTIONS, SERVER_USAGE, type Server } from "./admin/options.ts";

import { showProgress } from "./admin/progress.ts";
import { folderOf } from "./named-file.ts";
import { runCommand, Sentence } from "./sentence.ts";
import { Broken, Refused, uploadApi } from "./upload/api.ts";
import { bytes } from "./upload/bytes.ts";
import { foundFiles } from "./upload/files.ts";
import { send } from "./upload/send.ts";
import { parseArguments } from "./arguments.ts";

const USAGE = `npm run upload -- FILE|DIRECTORY… --index NAME [options]   uploads wheels and sdists of any size
  --index NAME   the index that they are for
${SERVER_USAGE}

DIRECTORY: its *.whl and *.tar.gz, not those below it. A token with the scope upload for the index is enough.
Files go up in parts, of which none is sent twice: where it breaks off, run it again.`;

/** As a shell says it of a program that Ctrl-C has ended. */
const INTERRUPTED = 130;

interface UploadOptions {
  readonly server: Server;
  readonly names: readonly string[];
  readonly index: string;
}

/** `npm run upload`: uploads files one after the other; one that is refused does not keep the others from it. */
async function upload({ server, names, index }: UploadOptions): Promise<void> {
  const files = foundFiles(names, folderOf("upload"));
  const api = uploadApi(server);
  const bar = showProgress(process.stderr);
  process.once("SIGINT", () => {
    bar.end();
    console.error("Stopped. Run it again: what has arrived stays.");
    process.exit(INTERRUPTED);
  });
  const count = { published: 0, identical: 0, failed: 0 };
  const began = performance.now();
  let total = 0;
  for (const file of files) {
    const filename = escaped(file.filename);
    const show = (doing: string, done: number, of: number) =>
      bar.show({ share: of === 0 ? 1 : done / of, text: `${bytes(done)} of ${bytes(of)} ${doing} ${filename}` });
    try {
      const { kind, sent } = await send(file, { api, index, show, sleep });
      total += sent;
      count[kind]++;
      bar.end();
      console.log(`${filename}: ${kind === "identical" ? "already there" : `published, ${bytes(file.size)}`}`);
    } catch (error) {
      bar.end();
      if (!(error instanceof Refused) && !(error instanceof Broken)) throw error;
      count.failed++;
      console.error(
        `${filename}: ${error.message}${error instanceof Broken ? " Run it again: what has arrived stays." : ""}`,
      );
    }
  }
  const seconds = ((performance.now() - began) / 1_000).toFixed(1);
  const sum = `${files.length} ${files.length === 1 ? "file" : "files"}: ${count.published} published, ${count.identical} already there, ${count.failed} failed; ${bytes(total)} sent in ${seconds} s.`;
  if (count.failed > 0) throw new Sentence(sum);
  console.log(sum);
}

function readOptions(args: string[]): UploadOptions | "help" {
  const { values, positionals } = parse(args);
  if (values.help) return "help";
  if (positionals.length === 0) throw new Sentence(`Files or directories are expected.\n\n${USAGE}`);
  if (values.index === undefined) throw new Sentence(`Which index are they for? Name it with --index.\n\n${USAGE}`);
  return { server: readServer(values), names: positionals, index: values.index };
}

function parse(args: string[]) {
  return parseArguments(
    {
      args,
      allowPositionals: true,
      options: { ...SERVER_OPTIONS, index: { type: "string" } },
    },
    USAGE,
  );
}

await runCommand(async () => {
  const options = readOptions(process.argv.slice(2));
  if (options === "help") console.log(USAGE);
  else await upload(options);
});
