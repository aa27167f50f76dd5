import { randomBytes } from "node:crypto";
import { SECOND } from "../../worker/duration.ts";
import type { SendOptions } from "../../worker/platform/queues.ts";
import { LONGEST_DELAY } from "./longest-delay.ts";
import type { NewMessage } from "./store.ts";

/** Queues' limits: bytes of a message's JSON, messages of a batch, and bytes of all of them. */
const MAX_BYTES = 128_000;
const MAX_MESSAGES = 100;
const MAX_BATCH_BYTES = 256_000;

/** What `sendBatch` takes. */
export type SentMessage = { readonly body: unknown } & SendOptions;

/**
 * The message as it is stored. Throws a TypeError where the body has no JSON, and an Error with Queues' text where it is too
 * large or its delay is not possible.
 *
 * @param now milliseconds since the epoch
 */
export function oneMessage(sent: SentMessage, now: number): NewMessage {
  const message = messageFrom("send", sent, now);
  const bytes = Buffer.byteLength(message.body);
  if (bytes > MAX_BYTES)
    throw new Error(`Queue send failed: message length of ${bytes} bytes exceeds limit of ${MAX_BYTES}`);
  return message;
}

/** The messages of one batch, which are stored together or not at all. Throws as `oneMessage` does. */
export function messagesOf(batch: Iterable<SentMessage>, now: number): NewMessage[] {
  const messages = Array.from(batch, (sent) => messageFrom("sendBatch", sent, now));
  if (messages.length === 0) throw new TypeError("sendBatch() requires at least one message");
  const sizes = messages.map(({ body }) => Buffer.byteLength(body));
  const [largest, total] = [Math.max(...sizes), sizes.reduce((sum, size) => sum + size, 0)];
  const refused = (reason: string) => new Error(`Queue sendBatch failed: ${reason}`);
  if (messages.length > MAX_MESSAGES)
    throw refused(`batch message count of ${messages.length} exceeds limit of ${MAX_MESSAGES}`);
  if (largest > MAX_BYTES)
    throw refused(
      `message in batch has length ${largest} bytes which exceeds single message size limit of ${MAX_BYTES}`,
    );
  if (total > MAX_BATCH_BYTES) throw refused(`batch size of ${total} bytes exceeds limit of ${MAX_BATCH_BYTES}`);
  return messages;
}

function messageFrom(method: "send" | "sendBatch", { body, delaySeconds = 0 }: SentMessage, now: number): NewMessage {
  const text = JSON.stringify(body) as string | undefined;
  if (text === undefined) throw new TypeError("Message body cannot be serialized to JSON");
  if (!(delaySeconds >= 0 && delaySeconds <= LONGEST_DELAY))
    throw new Error(`Queue ${method} failed: message delay ${delaySeconds} is invalid`);
  return { id: randomBytes(16).toString("hex"), body: text, dueAt: now + delaySeconds * SECOND };
}
