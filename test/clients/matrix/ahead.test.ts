import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { run, type Outcome } from "../../../cli/demo/process.ts";
import { tourWheels } from "../../../cli/demo/tour.ts";
import { buildWheel } from "../../../cli/demo/wheel.ts";
import { installFrom } from "../../support/node/clients/pip.ts";
import { Place } from "../../support/node/clients/place.ts";
import { CLIENTS } from "../../support/node/clients/table.ts";
import { PublishingIndex } from "../../support/node/fake-index/publishing.ts";
import { paths, Rig } from "../../support/node/rig.ts";

const { homes } = inject("supplies");
const uv = homes["uv-project"];
const pip = homes.pip;

let index: PublishingIndex;
let rig: Rig;
beforeAll(async () => {
  index = new PublishingIndex([...(await tourWheels()), await buildWheel({ name: "news", version: "1.0" })]);
  rig = await Rig.open(index.source, "--feed");
});
afterAll(() => rig?.close());

test.skipIf(!uv)("uv sees what was published upstream once the log of changes has been read", async () => {
  const client = CLIENTS["uv-pip"].client(known(uv));
  succeeded(await rig.command("jobs", "run", "feed"));
  expect((await rig.install(client, "news", ["news"])).code).toBe(0);

  index.publish(await buildWheel({ name: "news", version: "1.1" }));
  // The page is ten minutes from being asked for again by itself.
  expect((await rig.install(client, "news==1.1", ["news"])).code).not.toBe(0);
  rig.witness.take();
  succeeded(await rig.command("jobs", "run", "feed"));
  await expect.poll(() => paths(rig.witness.log, "/simple/news/"), { timeout: 20_000 }).toHaveLength(1);
  await expect.poll(async () => (await rig.install(client, "news==1.1", ["news"])).code, { timeout: 30_000 }).toBe(0);
});

test.skipIf(!uv)("after a warm, uv syncs without one request to the upstream; a second warm makes none", async () => {
  const client = CLIENTS["uv-project"].client(known(uv));
  const place = await Place.make();
  try {
    succeeded(await client.install("picnic", rig.index, place));
    const lock = join(place.folder, "uv.lock");
    await rig.startAnew();

    rig.witness.take();
    const warmed = succeeded(await rig.command("warm", lock));
    expect(warmed).toMatch(/Stored: 4 files .* of 4 packages/);
    const asked = rig.witness.take().map(({ path }) => path);
    expect(asked.length).toBeGreaterThan(4);
    expect(new Set(asked).size).toBe(asked.length);

    place.forget();
    await place.empty();
    succeeded(await known(client.lock).install(rig.index, place));
    expect(await place.versionOf("picnic")).not.toMatch(/Error/);
    succeeded(await rig.command("warm", lock));
    expect(rig.witness.take().filter(({ path }) => path !== "/pypi")).toEqual([]);
  } finally {
    place.remove();
  }
});

test.skipIf(!uv || !pip)("a wheelhouse of a lock installs without any index", async () => {
  const place = await Place.make();
  try {
    succeeded(await CLIENTS["uv-project"].client(known(uv)).install("picnic", rig.index, place));
    const answer = await rig.ask("wheelhouse?filename=uv.lock", readFileSync(join(place.folder, "uv.lock")));
    expect(answer.status).toBe(200);
    const house = join(place.folder, "wheelhouse");
    mkdirSync(house);
    writeFileSync(join(place.folder, "house.tar"), new Uint8Array(await answer.arrayBuffer()));
    succeeded(await run("tar", ["xf", join(place.folder, "house.tar"), "-C", house]));

    await place.empty();
    const from = ["--no-index", "--find-links", house];
    succeeded(await installFrom(from, known(pip).python, ["picnic"], place));
    expect(await place.versionOf("picnic")).not.toMatch(/Error/);
  } finally {
    place.remove();
  }
});

function succeeded({ code, output }: Outcome): string {
  expect(code, output).toBe(0);
  return output;
}

function known<T>(value: T | undefined): T {
  if (value === undefined) throw new Error("not available on this machine");
  return value;
}
