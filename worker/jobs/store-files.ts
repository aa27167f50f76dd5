import type { Delivered } from "../platform/queues.ts";
import { fillMessage } from "../../schema/fill.ts";
import { fileLabel } from "../pypi/file-url.ts";
import type { Context } from "../repository/context.ts";
import { keepFile } from "../repository/keep-file.ts";
import type { MirroredSource } from "../repository/repository.ts";
import { retryMessage, readMessage, dropMessage } from "./delivery.ts";
import type { Consumer } from "./consumer.ts";

/**
 * Stores the files that the messages name, one after the other. If a file is already stored, its message costs only one read,
 * so that messages may arrive twice, late or out of order. If a file cannot be stored now, its message is delivered again. If
 * no page lists a file, its message is dropped.
 */
export const storeFiles: Consumer = async (batch, { sources }, ctx) => {
  for (const message of batch.messages) await storeFile(message, sources, ctx);
};

async function storeFile(
  message: Delivered,
  sources: ReadonlyMap<string, MirroredSource>,
  ctx: Context,
): Promise<void> {
  const dropped = (what: string, reason: string) => dropMessage(message, { event: "fill-dropped", what, reason }, ctx);
  const said = readMessage(message, fillMessage, "fill-dropped", ctx);
  if (!said) return;
  const { source, ref } = said;
  const repository = sources.get(source)?.repository;
  if (!repository) return dropped(fileLabel(ref), `no index here mirrors ${source}`);
  const outcome = await keepFile(ref, repository, ctx);
  if (outcome.kind === "stored") return message.ack();
  if (outcome.kind === "unlisted") return dropped(fileLabel(ref), outcome.reason);
  retryMessage(message, { event: "fill-delayed", what: fileLabel(ref), reason: outcome.reason }, ctx);
}
