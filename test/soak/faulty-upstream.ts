/** The soak's upstream, to be run in a thread of its own: an index like PyPI, with the faults of the weather. */
import { Random } from "../fuzz/random.ts";
import { data, serve } from "../bench/harness/upstream-thread.ts";
import { PublishingIndex } from "../support/node/fake-index/publishing.ts";
import type { Content } from "./content.ts";
import { sendFaulty } from "./faults.ts";
import { faultOf, Sky } from "./weather.ts";

/** What the thread is given. */
export interface UpstreamData {
  readonly content: Content;
  readonly seed: number;
  readonly cells: Int32Array<SharedArrayBuffer>;
}

const { content, seed, cells } = data as UpstreamData;
const sky = new Sky(cells);
const index = new PublishingIndex(content.first);
const random = new Random(seed);
let published = 0;

serve(async (_path, request, response) => {
  for (; published < sky.published; published++) {
    const file = content.later[published];
    if (file) index.publish(file);
  }
  const answer = await index.source(request);
  await sendFaulty(faultOf(sky.weather, random), { request, response, answer });
});
