import { joinedBytes } from "./der.ts";
import { utf8Bytes } from "./text.ts";

const TYPE = "application/vnd.in-toto+json";

/** What is signed of a statement: its type and itself, each with its length (DSSE's pre-authentication encoding). */
export const signedBytesOf = (statement: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> =>
  joinedBytes(utf8Bytes(`DSSEv1 ${TYPE.length} ${TYPE} ${statement.byteLength} `), statement);
