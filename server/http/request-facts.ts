import type { RequestFacts } from "../../worker/platform/platform.ts";
import { ReceivedRequest } from "./received-request.ts";

/** What this server knows of a request. No header that a client may write is believed. */
export const requestFacts: RequestFacts = {
  clientAddress: (request) => (request instanceof ReceivedRequest ? request.clientAddress : ""),
  acceptEncoding: ({ headers }) => headers.get("Accept-Encoding") ?? "",
  requestId: () => crypto.randomUUID(),
};
