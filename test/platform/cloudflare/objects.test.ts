import { env } from "cloudflare:workers";
import { whole } from "../../support/whole.ts";
import { objectsSuite } from "../suites/objects.ts";

objectsSuite("R2's simulator", {
  objects: () => whole(env.FILES, () => undefined),
  pipe: (size) => new FixedLengthStream(size),
  isSimulator: true,
});
