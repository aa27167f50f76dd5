import { UV_OPTIONS, UV_PATIENCE } from "../../../../cli/demo/installer.ts";
import type { Client } from "./client.ts";
import { HASHED, writeHashed } from "./pip.ts";
import type { Place } from "./place.ts";
import { project } from "./project.ts";

const NOT_FOUND = /was not found in the package registry/;
const MISMATCH = /hash mismatch/i;

/** uv in the manner of pip; `binary` is uv itself. */
export function uvPip(binary: string): Client {
  const install = (what: readonly string[], index: string, place: Place) => {
    const where = ["--default-index", index, "--python", place.environment.python];
    return place.run(binary, ["pip", "install", ...UV_OPTIONS, ...where, ...what], UV_PATIENCE);
  };
  return {
    install: (requirement, index, place) => install([requirement], index, place),
    lock: {
      file: HASHED,
      write: writeHashed,
      install: (index, place) => install(["--require-hashes", "-r", HASHED], index, place),
      mismatch: MISMATCH,
    },
    notFound: NOT_FOUND,
  };
}

/** uv with a project and its lock file. */
export function uvProject(binary: string): Client {
  const run = (place: Place, index: string, ...command: string[]) =>
    place.run(binary, [...command, ...UV_OPTIONS, "--default-index", index], UV_PATIENCE);
  return project({
    file: "uv.lock",
    settings: () => "",
    lock: (index, place) => run(place, index, "lock"),
    install: (index, place) => run(place, index, "sync", "--frozen"),
    mismatch: MISMATCH,
    notFound: NOT_FOUND,
  });
}
