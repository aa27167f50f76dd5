import { IndexError } from "../../worker/errors.ts";
import { inspect } from "../../worker/publishing/inspect/inspect.ts";
import { stagedOf } from "../support/release.ts";

export const WHEEL = "demo-1.0-py3-none-any.whl";
export const SDIST = "demo-1.0.tar.gz";

/** What is said to who uploads it; fails where it is taken, or where anything but the file is blamed. */
export async function refusal(filename: string, bytes: Uint8Array): Promise<string> {
  try {
    await inspect(filename, stagedOf(bytes));
  } catch (error) {
    if (error instanceof IndexError && error.kind === "bad-request") return error.message;
    throw error;
  }
  throw new Error(`${filename} was taken`);
}
