import { expect, test } from "vitest";
import { storedFilesAnswer } from "../../schema/stored-files.ts";
import { READER } from "../support/hosted.ts";
import { shelf } from "../support/locked.ts";
import { filePath, type Rig } from "../support/rig.ts";

const listed = async (rig: Rig, query = "") => {
  const answer = await rig.get(`/-/api/stored${query}`, READER);
  return storedFilesAnswer.parse(JSON.parse(answer.text()));
};

test("an admin is told which files are stored, by project, and no reader is", async () => {
  const { rig, packages } = await shelf(3);
  const [first, second] = packages;
  expect(await listed(rig)).toEqual({ index: "default", projects: [], next: null });
  for (const each of [first?.wheel, second?.sdist]) await rig.get(filePath(each?.filename ?? ""));
  const { projects, next } = await listed(rig);
  expect(projects).toEqual([
    { project: first?.name, files: [`files.upstream.test/packages/${first?.wheel.filename}`] },
    { project: second?.name, files: [`files.upstream.test/packages/${second?.sdist.filename}`] },
  ]);
  expect(next).toBe(second?.name);
  expect((await listed(rig, `?after=${first?.name}`)).projects).toHaveLength(1);
  expect(await listed(rig, `?after=${next}`)).toMatchObject({ projects: [], next: null });
  expect((await rig.get("/-/api/stored")).status).toBe(401);
});
