import { buildWheel, type Wheel } from "../../../cli/demo/wheel.ts";
import type { Random } from "../../fuzz/random.ts";
import { incompressible } from "../../support/node/fake-index/content.ts";
import { uploadFields } from "../../support/upload-fields.ts";
import type { Asking } from "../ask.ts";
import type { Upload } from "../ledger.ts";
import { bearer, type Heard, type World } from "../world.ts";

let count = 0;

/** Uploads a new file, whole. Now and then it is sent again, with the same bytes and with others. */
export async function upload(world: World, random: Random): Promise<void> {
  const wheel = await newWheel(`team-${count++}`, random);
  const { project, version, filename, sha256 } = wheel;
  const entry: Upload = {
    project,
    version,
    filename,
    sha256,
    wheel,
    published: "unsure",
    yanked: "no",
    deleted: "no",
    isBusy: true,
    changes: 0,
  };
  world.ledger.uploads.push(entry);
  const heard = await send(world, wheel);
  if (world.expect(heard, [200])) entry.published = "yes";
  world.ledger.release(entry);
  if (entry.published === "yes" && random.oneIn(4)) await uploadAgain(world, random);
}

/** Sends a file that is published, once with its bytes, which changes nothing, or with others, which is refused. */
async function uploadAgain(world: World, random: Random): Promise<void> {
  const entry = world.ledger.take(random);
  if (!entry) return;
  if (random.oneIn(2)) world.expect(await send(world, entry.wheel), [200]);
  else world.expect(await send(world, await newWheel(entry.project, random)), [409]);
  world.ledger.release(entry);
}

/** Uploads that must leave nothing: of other bytes than announced, cut off, of no wheel, without a right token. */
export async function uploadNothing(world: World, random: Random): Promise<void> {
  const wheel = await newWheel(`nothing-${count++}`, random);
  const size = wheel.bytes.byteLength;
  await random.pick([
    async () => world.expect(await send(world, { ...wheel, sha256: "0".repeat(64) }), [400]),
    async () => send(world, wheel, { cutAfter: random.below(size) }),
    async () => world.expect(await send(world, { ...wheel, bytes: wheel.bytes.subarray(0, size >> 1) }), [400]),
    async () => world.expect(await send(world, { ...wheel, bytes: incompressible(size) }), [400]),
    async () => world.expect(await send(world, wheel, { headers: bearer(world.reader) }), [403]),
  ])();
  await expectNothing(world, wheel);
}

async function expectNothing(world: World, { project }: Wheel): Promise<void> {
  const heard = await world.ask(`/team/simple/${project}/`, { headers: bearer(world.reader) });
  world.expect(heard, [404, 503]);
}

/** Uploads a wheel as clients do. */
export async function send(world: World, wheel: Wheel, asking: Asking = {}): Promise<Heard> {
  const form = new FormData();
  for (const [name, value] of Object.entries(uploadFields(wheel))) form.set(name, value);
  form.set("content", new Blob([Buffer.from(wheel.bytes)]), wheel.filename);
  const encoded = new Response(form);
  const body = Buffer.from(await encoded.arrayBuffer());
  const type = { "content-type": encoded.headers.get("content-type") ?? "" };
  const headers = { ...type, ...bearer(world.uploader), ...asking.headers };
  return world.ask("/team/legacy/", { ...asking, method: "POST", headers, body });
}

/** Mostly small; one in eight has several MB, of those half more than are checked in memory. */
function newWheel(name: string, random: Random): Promise<Wheel> {
  const size = random.oneIn(8) ? 2_000_000 + random.below(12_000_000) : 500 + random.below(60_000);
  const mark = Buffer.alloc(4);
  mark.writeUInt32BE(random.next());
  return buildWheel({ name, version: "1.0", files: { "payload.bin": Buffer.concat([mark, incompressible(size)]) } });
}
