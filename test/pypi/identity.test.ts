import { describe, expect, test } from "vitest";
import { asFilename, type Filename } from "../../worker/pypi/filename.ts";
import { localUrl } from "../../worker/pypi/file-url.ts";
import { identityOf } from "../../worker/pypi/identity.ts";
import { asProjectName, type ProjectName } from "../../worker/pypi/name.ts";
import { parseSdistFilename, sdistIdentity, sdistVersion } from "../../worker/pypi/sdist-name.ts";
import { parseWheelName } from "../../worker/pypi/wheel-name.ts";

const identity = (filename: string) =>
  identityOf(asFilename(filename) as Filename, asProjectName("demo-pkg") as ProjectName);

describe("two filenames", () => {
  test.each([
    ["demo_pkg-1.0.tar.gz", "Demo-Pkg-1.0.0.tar.gz"],
    ["demo.pkg-1.0rc1.zip", "demo_pkg-1.0.RC1.ZIP"],
    ["demo_pkg-1.0-py2.py3-none-any.whl", "demo_pkg-1.0-PY3.py2-none-any.whl"],
    ["demo_pkg-1.0+fork.1-py3-none-any.whl", "demo_pkg-1.0_fork.1-py3-none-any.whl"],
    ["demo_pkg-1.0-1-py3-none-any.whl", "demo_pkg-1.0-001-py3-none-any.whl"],
    ["demo-pkg-1.0-cp312-cp312-any.whl", "demo_pkg-1-cp312-cp312-any.whl"],
    ["demo_pkg-1.0_1-py3.py3-none-any.whl", "demo_pkg-1.0.post1-py3-none-any.whl"],
    ["Odd.whl", "odd.WHL"],
  ])("%s and %s are one file", (one, other) => {
    expect(identity(one)).toBe(identity(other));
  });

  test.each([
    ["demo_pkg-1.0.tar.gz", "demo_pkg-1.0.zip"],
    ["demo_pkg-1.0.tar.gz", "demo_pkg-1.0.post1.tar.gz"],
    ["demo_pkg-1.0-1-py3-none-any.whl", "demo_pkg-1.0-2-py3-none-any.whl"],
    ["demo_pkg-1.0-1-py3-none-any.whl", "demo_pkg-1.0-py3-none-any.whl"],
    ["demo_pkg-1.0-cp312-none-any.whl", "demo_pkg-1.0-cp313-none-any.whl"],
    ["demo_pkg-1.3-py3-none-any.whl", "demo_pkg-1.3+fork1-py3-none-any.whl"],
  ])("%s and %s are two", (one, other) => {
    expect(identity(one)).not.toBe(identity(other));
  });
});

describe("what is stored with a file that is published is what upstream's are compared by", () => {
  test.each([
    "demo-1.0_post_1-py3-none-any.whl",
    "demo-1.0-py3.py3-none-any.whl",
    "demo-1.0+Ubuntu_1-py3-none-any.whl",
    "Demo.Pkg-v1.0.0RC1-007B-PY3.py2-none-manylinux_2_17_x86_64.manylinux2014_x86_64.whl",
    "demo_pkg-2!1.0.0.dev0-cp312-abi3-any.whl",
  ])("%s", (filename) => {
    const name = parseWheelName(filename);
    expect(identityOf(name.filename, name.project)).toBe(name.identity);
  });

  test.each(["Demo-Pkg-1.0.0.tar.gz", "demo.pkg-v1.0-RC1.tar.gz", "demo_pkg-1.0+Fork_1.tar.gz"])("%s", (raw) => {
    const filename = parseSdistFilename(raw);
    const project = asProjectName("demo-pkg") as ProjectName;
    expect(identityOf(filename, project)).toBe(sdistIdentity(project, sdistVersion(filename, project) ?? ""));
  });
});

test("no upstream's address becomes one of a file that is hosted here", () => {
  for (const url of ["https://-/00/x-1.0.zip", "http://-/00/x-1.0.zip", "https://a:b@-/00/x-1.0.zip"]) {
    expect(localUrl(new URL(url), asFilename("x-1.0.zip") as Filename)).toBeUndefined();
  }
});
