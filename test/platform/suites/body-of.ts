import { expect, test } from "vitest";
import type { BodyOf } from "../../../worker/platform/platform.ts";

/** What every platform's bodies of bytes in memory do. */
export function bodyOfSuite(bodyOf: BodyOf): void {
  test.each([0, 1, 5_000, 300_000])(
    "an answer has all %i bytes, each time, and leaves them as they are",
    async (size) => {
      const bytes = Uint8Array.from({ length: size }, (_, at) => at % 251);
      const before = bytes.slice();
      for (const _ of [1, 2]) {
        const answer = new Response(bodyOf(bytes) as BodyInit);
        expect(await answer.bytes()).toEqual(before);
      }
      await new Response(bodyOf(bytes) as BodyInit).body?.cancel();
      expect(bytes).toEqual(before);
    },
  );
}
