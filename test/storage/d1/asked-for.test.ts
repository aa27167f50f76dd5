import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import { askedForIn } from "../../../worker/storage/d1/asked-for.ts";
import { weightAt } from "../../../worker/storage/d1/popularity.ts";

const NOW = Date.parse("2026-11-22T12:00:00Z");

/** Writes down that clients asked for so many projects. */
const ask = (count: number) =>
  env.DB.prepare("INSERT INTO popularity (source, project, score) SELECT 'one', 'p' || value, ?2 FROM json_each(?1)")
    .bind(JSON.stringify(Array.from({ length: count }, (_, at) => at)), 2 * weightAt(NOW))
    .run();

test("of more than 200 projects 200 are given, and it is said that there are more", async () => {
  const asked = async () => {
    const { projects, isCut } = await askedForIn(env.DB).since(["one"], NOW);
    return [projects.length, isCut];
  };
  await ask(200);
  expect(await asked()).toEqual([200, false]);
  await env.DB.prepare("DELETE FROM popularity").run();
  await ask(201);
  expect(await asked()).toEqual([200, true]);
});
