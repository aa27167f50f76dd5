import { badRequest, messageOf } from "../../errors.ts";
import { isWheel } from "../../pypi/filename.ts";
import { parseSdistFilename } from "../../pypi/sdist-name.ts";
import { parseWheelName } from "../../pypi/wheel-name.ts";
import { UnreadableWheel } from "../../repository/ranged-archive.ts";
import type { Distribution } from "../distribution.ts";
import { Faulty } from "./faulty.ts";
import { inspectSdist } from "./sdist.ts";
import type { Staged } from "../staged.ts";
import { inspectWheel } from "./wheel.ts";

/**
 * What an uploaded file says of itself, once it has been found to be a sound wheel or sdist from its first byte to its last.
 * Throws `bad-request` with what is wrong with it and what to do; what the store throws is thrown on.
 *
 * @param filename as the uploader gave it
 */
export async function inspect(filename: string, staged: Staged): Promise<Distribution> {
  const inspected = isWheel(filename) ? wheel(filename) : sdist(filename);
  try {
    if (staged.size === 0) throw new Faulty("is empty");
    return await inspected(staged);
  } catch (error) {
    if (error instanceof UnreadableWheel) throw sentence(filename, new Faulty(`cannot be read: ${messageOf(error)}`));
    throw error instanceof Faulty ? sentence(filename, error) : error;
  }
}

function wheel(filename: string) {
  const name = parseWheelName(filename);
  return (staged: Staged) => inspectWheel(name, staged);
}

function sdist(raw: string) {
  const filename = parseSdistFilename(raw);
  return (staged: Staged) => inspectSdist(filename, staged);
}

const sentence = (filename: string, { message, remedy }: Faulty) => badRequest(`${filename} ${message}; ${remedy}.`);
