import { QUEUE_ROLES, queueRole, type QueueRole } from "../../schema/queues.ts";
import type { Consumer } from "./consumer.ts";
import { fillMirrors } from "./fill-mirrors.ts";
import { keepDeadLetters } from "./keep-dead-letters.ts";
import { storeFiles } from "./store-files.ts";
import { refreshPages } from "./refresh-pages.ts";
import { tellReceivers } from "./tell-receivers.ts";

const CONSUMERS: Readonly<Record<QueueRole, Consumer>> = {
  fills: storeFiles,
  "fills-dead": keepDeadLetters,
  refreshes: refreshPages,
  "refreshes-dead": keepDeadLetters,
  mirrors: fillMirrors,
  notices: tellReceivers,
  "notices-dead": keepDeadLetters,
};

/** Processes a batch of any queue. Throws where the queue has no consumer here, so that the batch is delivered again. */
export const consume: Consumer = async (batch, services, ctx) => {
  const role = queueRole(batch.queue);
  if (!role)
    throw new Error(
      `No consumer here reads the queue ${batch.queue}: its name must end in ${QUEUE_ROLES.map((it) => `-${it}`).join(", ")}.`,
    );
  await CONSUMERS[role](batch, services, ctx);
};
