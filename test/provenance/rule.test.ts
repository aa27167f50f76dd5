import { describe, expect, test } from "vitest";
import { DAY } from "../../worker/duration.ts";
import { judgedPage } from "../../worker/layers/guard/judged-page.ts";
import { judgedEntry } from "../../worker/layers/guard/judged.ts";
import { judgeBy } from "../../worker/policy/judge.ts";
import type { Mode, Policy, ProvenanceRule, WantedPublisher } from "../../worker/policy/policy.ts";
import type { Filename } from "../../worker/pypi/filename.ts";
import type { ProjectName } from "../../worker/pypi/name.ts";
import type { FileEntry, ProjectPage } from "../../worker/pypi/page.ts";
import type { KnownPublisher, Publisher } from "../../worker/pypi/publisher.ts";
import { modesOf } from "../support/modes.ts";

const NOW = Date.parse("2026-11-22T12:00:00Z");
const START = NOW - 100 * DAY;

const github = (repository: string, more: Partial<Publisher> = {}): Publisher => ({
  kind: "GitHub",
  repository,
  workflow: "release.yml",
  repositoryId: "1",
  ownerId: "2",
  ...more,
});

const ACME = github("acme/demo");
const EVIL = github("evil/demo", { repositoryId: "66", ownerId: "6" });

/** Who a file is by, by the word for it in a history. `broken`, `new` (not verified yet) and `none` are no publisher. */
const BY: Readonly<Record<string, Publisher>> = {
  acme: ACME,
  evil: EVIL,
  renamed: github("acme/demo-next"),
  "other-workflow": github("acme/demo", { workflow: "publish.yml" }),
  "other-owner": github("other/demo", { ownerId: "3" }),
  "made-anew": github("acme/demo", { repositoryId: "9" }),
  gitlab: { kind: "GitLab", repository: "acme/demo" },
};

/**
 * A page with the files of a history, as the source's stack makes it: `1.0@2=acme` is a file of 1.0 that was uploaded on day
 * 2 (`?`: the upstream does not say) and is by acme; `!` in front: it is yanked, `wheel` in the version: it is one.
 */
function pageOf(history: string, gone: readonly KnownPublisher[] = []): ProjectPage {
  const told = history.split(" ").map((each) => /^(!?)(.+)@(.+)=(.+)$/.exec(each) ?? []);
  const since = (day = "") => (day === "?" ? 0 : START + Number(day) * DAY);
  const found = told.flatMap(([, , , day, by = ""]) => (BY[by] ? [{ ...BY[by], since: since(day) }] : []));
  const publishers = [...gone, ...found].toSorted((one, other) => one.since - other.since);
  const files = told.map(([, yanked, name = "", day, by = ""]): FileEntry => {
    const own = BY[by];
    const at = publishers.findIndex(({ since: _since, ...each }) => JSON.stringify(each) === JSON.stringify(own));
    return {
      filename: (name.endsWith("wheel")
        ? `demo-${name.slice(0, -5)}-py3-none-any.whl`
        : `demo-${name}.tar.gz`) as Filename,
      url: `../../files/x/${name}`,
      hashes: { sha256: "0".repeat(64) },
      ...(day !== "?" && { "upload-time": new Date(since(day)).toISOString() }),
      ...(by !== "none" && { provenance: "https://upstream.test/p" }),
      ...(by === "broken" && { _unproven: "its signature is not by the certificate's key." }),
      ...(own && { _publisher: at }),
      ...(yanked === "!" && { yanked: true }),
    };
  });
  return { name: "demo" as ProjectName, files, _publishers: publishers };
}

function judged(rule: Partial<ProvenanceRule>, page: ProjectPage, mode: Mode = "enforce") {
  const policy: Policy = {
    index: "team",
    deny: [],
    allow: [],
    unknownTime: "hold",
    provenance: { require: [], regressed: false, publishers: [], ...rule },
    modes: modesOf({ provenance: mode }),
  };
  const judge = judgeBy([policy]);
  const whole = judgedPage(page);
  return page.files.map((entry) => {
    const [finding] = judge(judgedEntry({ project: page.name, entry, source: "pypi" }, whole), NOW);
    return { filename: entry.filename, finding };
  });
}

/** The versions that are admitted. */
const admitted = (rule: Partial<ProvenanceRule>, page: ProjectPage) =>
  judged(rule, page)
    .flatMap(({ filename, finding }) => (finding ? [] : [filename.replace("-py3-none-any.whl", "wheel")]))
    .map((name) => name.replace(/^demo-|\.tar\.gz$/g, ""))
    .join(" ");

describe("regressed", () => {
  test.each([
    ["a project that was never attested", "1.0@1=none 1.1@2=none", "1.0 1.1"],
    ["what came before the first attested file", "0.9@1=none 1.0@2=acme 1.1@3=acme", "0.9 1.0 1.1"],
    ["a later release without attestation", "1.0@1=acme 1.1@2=acme 1.2@3=none", "1.0 1.1"],
    ["a later release by another publisher", "1.0@1=acme 1.2@3=evil", "1.0"],
    ["all that another publisher adds", "1.0@1=acme 1.2@3=evil 1.3@4=evil 1.4@5=acme", "1.0 1.4"],
    ["a later release with a broken bundle", "1.0@1=acme 1.2@3=broken", "1.0"],
    ["a broken bundle in a project that was never attested", "1.0@1=broken", "1.0"],
    ["a backport of an old series, uploaded later", "1.0@1=acme 0.9.1@2=none", "1.0"],
    ["a wheel that was added to an old release", "1.0@1=acme 1.0wheel@9=none", "1.0"],
    ["a wheel that came before its attested sdist", "1.0wheel@0=none 1.0@1=acme", "1.0wheel 1.0"],
    ["two files of one moment", "1.0@1=acme 1.0wheel@1=none", "1.0 1.0wheel"],
    ["a file without a time counts as later", "1.0@1=acme 1.1@?=none", "1.0"],
    ["an attested file without a time counts as first", "1.0@?=acme 0.9@1=none", "1.0"],
    ["an attested pre-release counts", "2.0rc1@1=acme 2.0@2=none", "2.0rc1"],
    ["a pre-release is held as any other", "1.0@1=acme 2.0rc1@2=none", "1.0"],
    ["a yanked attested file counts", "!1.0@1=acme 1.1@2=none", "1.0"],
    ["a renamed repository of the same owner", "1.0@1=acme 1.1@2=renamed", "1.0 1.1"],
    ["another workflow of the repository", "1.0@1=acme 1.1@2=other-workflow", "1.0 1.1"],
    ["a repository that moved to another owner", "1.0@1=acme 1.1@2=other-owner", "1.0"],
    ["a repository that was made anew under the old name", "1.0@1=acme 1.1@2=made-anew", "1.0"],
    ["another CI service", "1.0@1=acme 1.1@2=gitlab", "1.0"],
    ["what is not verified yet", "1.0@1=acme 1.1@2=new", "1.0"],
    ["what came after a file that is not verified yet", "0.9@1=none 1.0@2=new 1.1@3=none", "0.9"],
    ["what is verified, after one that is not verified yet", "0.9@1=none 1.0@2=new 1.1@3=evil", "0.9"],
    ["what is verified, before one that is not verified yet", "1.0@1=acme 1.1@2=new 1.2@3=acme", "1.0 1.2"],
    ["files without times, of which one is not verified yet", "1.0@?=acme 1.1@?=new", "1.0"],
    ["a release of which only one file is attested", "1.0@1=acme 1.1@2=acme 1.1wheel@2=none", "1.0 1.1"],
    ["a release that two publishers have attested", "1.0@1=acme 1.1@2=acme 1.1wheel@2=evil", "1.0 1.1"],
    ["a publisher that comes back", "1.0@1=acme 1.1@2=none 1.2@3=evil 1.3@4=acme", "1.0 1.3"],
    ["an epoch", "1.0@1=acme 1!0.1@2=none 1!0.2@3=acme", "1.0 1!0.2"],
    ["post, dev and local releases", "1.0@1=acme 1.0.post1@2=none 1.1.dev1@3=none 1.0+local@4=none", "1.0"],
    ["yanked releases without attestation, and none other", "1.0@1=acme !1.1@2=none !1.2@3=acme", "1.0 1.2"],
  ])("%s", (_, history, shown) => {
    expect(admitted({ regressed: true }, pageOf(history))).toBe(shown);
  });

  test("an attested file that the upstream has deleted still counts", () => {
    const gone = [{ ...ACME, since: START }];
    expect(admitted({ regressed: true }, pageOf("1.1@2=none 1.2@3=acme", gone))).toBe("1.2");
  });

  test("says who built the project before", () => {
    const page = pageOf("1.0@1=acme 1.1@2=evil 1.2@3=none 1.3@4=broken 1.4@5=new");
    const earlier = "earlier files of demo are proven to be by GitHub acme/demo (release.yml)";
    expect(judged({ regressed: true }, page).map(({ finding }) => finding?.sentence())).toEqual([
      undefined,
      "demo-1.1.tar.gz is refused: it was built by GitHub evil/demo (release.yml), and demo by GitHub acme/demo (release.yml) since 2026-08-15.",
      `demo-1.2.tar.gz is refused: it has no provenance, and ${earlier}.`,
      `demo-1.3.tar.gz is refused: its provenance is not valid, its signature is not by the certificate's key, and ${earlier}.`,
      "demo-1.4.tar.gz is held: its provenance has not been verified yet.",
    ]);
  });
});

test("holds what is verified until the provenance of earlier files is, and marks none of it for that", () => {
  const page = pageOf("1.0@1=new 1.1@2=evil");
  const [, second] = judged({ regressed: true }, page);
  expect(second?.finding?.sentence()).toBe(
    "demo-1.1.tar.gz is held: the provenance of earlier files of demo has not been verified yet.",
  );
  expect(judged({ regressed: true }, page, "warn").map(({ finding }) => finding?.mode)).toEqual(["audit", "audit"]);
  const [, pinned] = judged(
    { regressed: true, publishers: [{ project: "demo", kind: "GitHub", repository: "evil/demo" }] },
    page,
  );
  expect(pinned?.finding).toBeUndefined();
});

describe.each<readonly [string, Partial<ProvenanceRule>]>([
  ["require", { require: ["demo"] }],
  ["regressed", { regressed: true }],
  ["publishers", { publishers: [{ project: "demo", kind: "GitHub", repository: "acme/demo" }] }],
])("%s", (_, rule) => {
  test.each<readonly [Mode, Mode | undefined]>([
    ["off", undefined],
    ["audit", "audit"],
    ["warn", "warn"],
    ["enforce", "enforce"],
  ])("in the mode %s", (mode, of) => {
    const page = pageOf("1.0@1=acme 1.1@2=none 1.2@3=broken");
    expect(judged(rule, page, mode).map(({ finding }) => finding?.mode)).toEqual([undefined, of, of]);
  });
});

describe("require", () => {
  const all = pageOf("0.9@1=none 1.0@2=acme 1.1@3=broken 1.2@4=new 1.3@5=evil");

  test("admits only what was verified, of the projects that it names", () => {
    expect(admitted({ require: ["d*"] }, all)).toBe("1.0 1.3");
    expect(admitted({ require: ["other"] }, all)).toBe("0.9 1.0 1.1 1.2 1.3");
  });

  test("does not mark for a moment what is not verified yet", () => {
    const modes = judged({ require: ["*"] }, all, "warn").map(({ finding }) => finding?.mode);
    expect(modes).toEqual(["warn", undefined, "warn", "audit", undefined]);
  });
});

describe("publishers", () => {
  const pin = (more: Partial<WantedPublisher> = {}): WantedPublisher => ({
    project: "demo",
    kind: "GitHub",
    repository: "Acme/Demo",
    ...more,
  });
  const evil = pin({ repository: "evil/demo" });

  test.each<readonly [string, Partial<ProvenanceRule>, string]>([
    ["only what is by the one that is pinned counts", { publishers: [pin()] }, "0.9 1.0"],
    ["a pin takes the place of the first publisher", { regressed: true, publishers: [evil] }, "0.9 1.1"],
    ["of several each will do", { publishers: [pin(), evil] }, "0.9 1.0 1.1"],
    ["ids tell a name that changed hands", { publishers: [pin({ repositoryId: "7" })] }, "0.9"],
    ["the workflow counts where it is given", { publishers: [pin({ workflow: "other.yml" })] }, "0.9"],
    ["with require nothing else is admitted", { require: ["demo"], publishers: [pin()] }, "1.0"],
    ["other projects are not touched", { publishers: [pin({ project: "other-*" })] }, "0.9 1.0 1.1 1.2"],
  ])("%s", (_, rule, shown) => {
    expect(admitted(rule, pageOf("0.9@1=none 1.0@2=acme 1.1@3=evil 1.2@4=none"))).toBe(shown);
  });
});
