import { bytesOf, HIDDEN_FILES, PROJECTS, projectOf, SHOWN_FILES, UPSTREAM_FILES, versionOf } from "./hidden.ts";
import { uvLock } from "./locked.ts";
import { JSON_TYPE } from "./rig.ts";
import { sha256 } from "./upstream.ts";

/** A request that tries a route. */
export interface Asked {
  readonly path: string;
  readonly method?: string;
  readonly headers?: Record<string, string>;
  readonly body?: string;
}

/** The requests that try a route. */
export type Tries = (path: string) => readonly Asked[] | Promise<readonly Asked[]>;

/** As JSON and as HTML, and as those ask who know the answer's validator, want a part of it or its headers alone. */
const read = async (paths: readonly string[]): Promise<readonly Asked[]> => {
  const digests = await Promise.all(HIDDEN_FILES.map((filename) => sha256(bytesOf(filename))));
  return paths.flatMap((path) => [
    { path },
    { path, headers: { Accept: JSON_TYPE } },
    { path, headers: { Range: "bytes=0-40" } },
    { path, headers: { "If-None-Match": digests.map((digest) => `"${digest}"`).join(", ") } },
    { path, method: "HEAD" },
  ]);
};

export const plain: Tries = (path) => read([path]);

export const withSlash: Tries = (path) => read([path, `${path}/`]);

/** Of a project, by each of the names. */
export const ofProjects: Tries = (path) =>
  read(
    PROJECTS.flatMap((project) =>
      ["1.0", "2.0"].map((version) => path.replace(":project", project).replace(":version", version)),
    ).flatMap((named) => (named.includes("/simple/") ? [named, `${named}/`] : [named])),
  );

/** Pages for people are the same whatever else is asked. By a part of each name, and by the very names. */
export const ofSearches: Tries = (path) =>
  ["upstream", "hosted", ...PROJECTS].map((text) => ({ path: `${path}?q=${text}` }));

/** Of a project and of its releases. */
export const ofPages: Tries = (path) =>
  PROJECTS.flatMap((project) =>
    ["", "1.0/", "2.0/"].map((version) => ({ path: path.replace(":project", project).replace(":version?", version) })),
  );

/** Of a file, at each address that it could have. */
export const ofFiles: Tries = async (path) => {
  const paths = [...HIDDEN_FILES, ...SHOWN_FILES].map(async (filename) => {
    const digest = await sha256(bytesOf(filename));
    const addresses = [`files.upstream.test/packages/${filename}`, `-/${digest}/${filename}`, filename];
    return addresses.flatMap((address) => [address, `${address}.metadata`]);
  });
  return read((await Promise.all(paths)).flat().map((address) => path.replace("*", address)));
};

export const JSON_REST = ":rest{json|[^/]+/json}";

/** Of a project, and of each of its releases. */
export const ofJson: Tries = async (path) => [
  ...(await ofProjects(path.replace(JSON_REST, "json"))),
  ...(await ofProjects(path.replace(JSON_REST, ":version/json"))),
];

export const ofProvenance: Tries = (path) =>
  read(
    [...HIDDEN_FILES, ...SHOWN_FILES].map((filename) =>
      path
        .replace(":project", projectOf(filename))
        .replace(":version", versionOf(filename))
        .replace(":filename", filename),
    ),
  );

/** A lock of each upstream file on its own, and one of all. */
export const withLocks: Tries = async (path) => {
  const files = UPSTREAM_FILES.map((filename) => ({
    name: projectOf(filename),
    files: [{ filename, bytes: bytesOf(filename) }],
  }));
  const locks = await Promise.all([...files.map((file) => uvLock([file])), uvLock(files)]);
  const queries = path.startsWith("/-/") ? ["&index=default", "&index=team"] : [""];
  return locks.flatMap((body) =>
    queries.map((query) => ({ path: `${path}?filename=uv.lock${query}`, method: "POST", body })),
  );
};
