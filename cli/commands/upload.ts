import { Option } from "@commander-js/extra-typings";
import { inSeconds } from "../../worker/duration.ts";
import { counted } from "../../worker/pypi/counted.ts";
import { escaped } from "../../worker/pypi/shown.ts";
import { setTimeout as sleep } from "node:timers/promises";
import { sizeText } from "../../worker/pypi/size-text.ts";
import { command, forServer } from "../lib/command.ts";
import { CommandError, EXIT_CODES, usageError } from "../lib/command-error.ts";
import { showProgress } from "../lib/progress.ts";
import { findServer, type ServerAccess } from "../lib/server-address.ts";
import { RetryableFailure, RefusedUpload, uploadApi } from "../upload/api.ts";
import { attestationsBeside } from "../upload/attestation-files.ts";
import { foundFiles, type FoundFile } from "../upload/files.ts";
import { sendUpload, type Sent } from "../upload/send.ts";
import { PUBLIC_SERVICES, REKOR_VERSIONS, servicesIn, type SigningServices } from "../upload/signing-services.ts";

/** `pypi-edge upload`: uploads files one after the other; where one is refused, the others are still uploaded. */
export const uploadCommand = () =>
  forServer(
    command(
      "upload",
      "upload wheels and sdists of any size, in parts; a second run continues where the first broke off",
      [
        ["pypi-edge upload dist --index team", "the wheels and sdists of a folder, not of those below it"],
        [
          "pypi-edge upload dist --index team --attest",
          "in a CI job: with an attestation that this job has built them",
        ],
      ],
    ),
  )
    .argument("<files...>", "files, or folders with *.whl and *.tar.gz")
    .requiredOption("--index <name>", "the index that gets them; a token with the scope upload is enough")
    .option("--attestations", "send the attestations beside each file: FILE.publish.attestation, FILE.slsa.attestation")
    .option("--attest", "make a publish attestation (PEP 740) of each file, in the name of the CI job that runs this")
    .option("--fulcio <url>", "the certificate authority for --attest", PUBLIC_SERVICES.fulcio)
    .option("--rekor <url>", "the transparency log for --attest", PUBLIC_SERVICES.rekor)
    .addOption(
      new Option("--rekor-version <number>", "the version of its API; 2 needs --tsa")
        .choices(REKOR_VERSIONS)
        .default("1"),
    )
    .option("--tsa <url>", "a timestamp authority for --attest, where the log gives no time")
    .action(async (names, options) => {
      const { attestations, attest, index, json } = options;
      if (attestations && attest)
        throw usageError("--attestations sends what is there, and --attest makes it: name one of them.");
      const attester = attest ? await attesterFor(options) : undefined;
      const beside = attestations ? ({ path }: FoundFile) => attestationsBeside(path) : undefined;
      const attestOf = attester
        ? async ({ filename }: FoundFile, sha256: string) => [await attester({ filename, sha256 })]
        : beside;
      await upload(names, { server: await findServer(options), index, json: json === true, attestOf });
    });

/** The libraries that sign are loaded for those who sign. */
async function attesterFor(options: SigningServices) {
  const { createAttester } = await import("../upload/attest.ts");
  return createAttester(servicesIn(options), process.env);
}

/** What became of a file, as it is printed. */
const DID: Readonly<Record<Sent["kind"], string>> = {
  published: "published",
  attested: "already there, and has its attestations now",
  identical: "already there",
};

interface Uploading {
  readonly server: ServerAccess;
  readonly index: string;
  readonly json: boolean;
  /** The attestations of a file; undefined: it is sent without any. */
  readonly attestOf: ((file: FoundFile, sha256: string) => unknown[] | Promise<unknown[]>) | undefined;
}

async function upload(names: readonly string[], { server, index, json, attestOf }: Uploading): Promise<void> {
  const files = foundFiles(names, process.cwd());
  const api = uploadApi(server);
  const bar = showProgress(process.stderr);
  process.once("SIGINT", () => {
    bar.end();
    console.error("Stopped. Run the command again: parts that have arrived are not sent again.");
    process.exit(EXIT_CODES.interrupted.code);
  });
  const count = { published: 0, attested: 0, identical: 0, failed: 0 };
  const began = performance.now();
  let total = 0;
  for (const file of files) {
    const filename = escaped(file.filename);
    const show = (doing: string, done: number, of: number) =>
      bar.show({ done, of, unit: "bytes", text: `${doing} ${filename}` });
    try {
      const { kind, sent } = await sendUpload(
        attestOf ? { ...file, attest: (sha256) => attestOf(file, sha256), addsAttestations: true } : file,
        { api, index, show, sleep },
      );
      total += sent;
      count[kind]++;
      bar.end();
      const line = `${filename}: ${DID[kind]}${kind === "published" ? `, ${sizeText(file.size)}` : ""}`;
      console.log(json ? JSON.stringify({ filename, outcome: kind, size: file.size, sent }) : line);
    } catch (error) {
      bar.end();
      if (!(error instanceof RefusedUpload) && !(error instanceof RetryableFailure)) throw error;
      count.failed++;
      if (json) console.log(JSON.stringify({ filename, outcome: "failed", reason: error.message }));
      const advice =
        error instanceof RetryableFailure ? " Run the command again: parts that have arrived are not sent again." : "";
      console.error(`${filename}: ${error.message}${advice}`);
    }
  }
  const seconds = inSeconds(performance.now() - began).toFixed(1);
  const sum = `${counted(files.length, "file")}: ${count.published} published, ${count.attested > 0 ? `${count.attested} attested, ` : ""}${count.identical} already there, ${count.failed} failed; ${sizeText(total)} sent in ${seconds} s.`;
  if (count.failed > 0) throw new CommandError(sum);
  if (!json) console.log(sum);
}
