import type * as z from "zod/mini";
import type { vars } from "./config.ts";
import type { index } from "./indexes.ts";
import type { keepRules } from "./keep.ts";
import type { mirror, mirrorFilters } from "./mirror.ts";
import type { policy } from "./policy.ts";
import type { receiver } from "./notify.ts";
import type { trusted } from "./trusted.ts";
import type { upstream } from "./upstreams.ts";

/** The meaning of each configuration key, in Markdown. docs/configuration.md is generated from this and from the schema. */

type Meanings<Schema extends { readonly shape: object }> = Readonly<Record<keyof Schema["shape"], string>>;

export const VARIABLE_MEANINGS: Readonly<Record<keyof z.infer<typeof vars>, string>> = {
  UPSTREAMS: "What is mirrored, by names of your choice; the keys of each are below.",
  INDEXES: "The indexes: `default` is at `/simple/`, any other at `/NAME/simple/`; the keys of each are below.",
  RESERVED: 'Names that no upstream is ever asked for, by any index: `["acme-*"]`. They are hosted here, or nowhere.',
  TRUSTED: "Rules by which CI jobs get tokens without a secret; the keys of each are below.",
  AUDIENCE:
    "What identity tokens of CI must be meant for: the host name that people use. Needed where there are `TRUSTED` rules.",
  NOTIFY: "Who is told of events, by signed requests ([notify](notify.md)); the keys of each are below.",
  PAGE_TTL: "Seconds for which a page is served without revalidation, where no change log confirms it.",
  FEED: "Whether the change logs of upstreams that have one (PyPI's XML-RPC) are followed. `pypi-edge serve` follows them with `--feed`, or with `FEED = true` in its `--config` file only.",
  POPULAR: "How many of the projects most asked for are refreshed by the clock; 0: none, and nothing is counted.",
  SEED: "Projects that count as popular before a client has asked for them.",
  QUOTA: "Gigabytes of mirrored files above which the longest unused are deleted; 0: none are.",
  FREE_SPACE:
    "On a machine of your own: gigabytes of the disk below which the longest unused mirrored files are deleted, so that uploads find room; 0: none are.",
  SCRUB:
    "How many stored objects are read in an hour and compared with their digests ([operations](operations.md#scrub)); 0: none are. Left out: 3600 on a machine of your own, 0 on Cloudflare.",
  DATABASE_GRACE:
    "Seconds for which names that an index did not host go on to come from its sources while the database cannot be read, 60 at most. A name that is first hosted within that time may come from a source for as long.",
  PREFETCH:
    "On a machine of your own: megabytes up to which a wheel is fetched and stored as soon as its `.metadata` was fetched for a client from an upstream that takes 50 ms to answer, one a minute of each project. For pip and uv, over an index without a policy, the `.metadata` that they will ask for next is fetched with a page, and the pages of what that requires. 0: nothing is. Elsewhere nothing is prefetched for a client.",
  NEW_A_DAY:
    "Gigabytes that requests without a token may have stored in a day (UTC); after that, what is not stored is 429 to them until midnight. 0: no limit.",
  PUBLIC_URL:
    "The address people use, where it is not the one that requests arrive under. Where it is set, pages lead to provenance here; under another one, pages begin anew. `pypi-edge serve` sets it.",
  OSV: "Where OSV's export for PyPI is, or a copy of it (`all.zip`, `modified_id.csv`, `ID.json`): the job `advisories` keeps the advisories by it. Empty: they are loaded with `pypi-edge osv load`. `pypi-edge serve` keeps them with `--osv`, or with `OSV` in its `--config` file only.",
  TRUSTED_ROOT:
    "By what [provenance](provenance.md) is verified: the `trusted_root.json` of a sigstore of your own. Empty: the one that `pypi-edge trusted-root update` has stored, else sigstore's public one as this version has it.",
  METRICS: 'Who may read `/-/metrics`: `"token"`, a token that may read every index; `"open"`, anyone.',
  LOG: '`"requests"`: a line for each request. `"problems"`: only what went wrong. `pypi-edge serve` sets it.',
  LOG_FORMAT:
    '`"json"`: each line is an object, for programs. `"text"`: for people. `pypi-edge serve` sets it: text on a terminal, else JSON, or what `--log` says.',
};

export const RECEIVER_MEANINGS: Meanings<typeof receiver> = {
  url: "Where the requests go. `https`, or `http` at a private address.",
  secret: "The name of the secret that they are signed with: at least 16 characters.",
  events: "What it is told of; left out: everything.",
  private: "Whether the address may be this machine, or one of a private network.",
};

export const UPSTREAM_MEANINGS: Meanings<typeof upstream> = {
  url: "The root of a Simple API. An upstream has this, `find_links`, or `kind`.",
  find_links: "A page of links to files.",
  kind: '`"offline"`: it is never asked for anything; what it has was carried here ([api](api.md#across-an-air-gap)). It has `key` and no address.',
  key: "The public key by which the steps that are carried here are verified (Ed25519: `ed25519:` and base64), or a table of keys by names of your choice, any of which may have signed a step ([air-gap](air-gap.md#another-key)).",
  retired:
    "Keys that count no longer, as `key` has them: a step that one of them has signed is refused, and the refusal has its name.",
  files: "The root of its file host, where that is another host.",
  absent:
    "Statuses beside 404 and 410 by which it says that it does not have a project: `[403]` for PyTorch's index and others on S3. A wrong 403 then looks like absence: claim names with `projects`.",
  projects:
    'A claim, `["torch*"]`: such a name comes from the upstreams that claim it only, and an upstream with claims has no other names.',
  unknown_time:
    'Whether `min_age` and `before` hold its files where it does not say when they were uploaded: `"hold"` or `"allow"`. Left out: as the policy says.',
  credentials:
    'The name of a secret that holds `user:password`. What such an upstream has can be read by every client that may read the index: give the index `read = "token"`.',
  on_upstream_removal:
    'What is done with a stored file that it no longer lists, or whose project is gone: `"keep"`, it stays on the page; `"hide"`, it is refused at its address too; `"drop"`, it is deleted. Left out: it is off the page, and served at its address.',
  on_upstream_change:
    'What is done where it has other bytes by the name of a stored file: `"follow"`, they are served; `"keep"`, page and bytes stay those of before. Left out: `"follow"`.',
  mirror:
    "How what is mirrored of it is fetched and served; the keys are below. What that is, `pypi-edge mirror add` says.",
};

export const MIRROR_MEANINGS: Meanings<typeof mirror> = {
  serve:
    '`"through"`: what is not mirrored comes from the upstream when it is asked for. `"complete"`: clients get what is mirrored and stored, and nothing else exists.',
  max_requests_per_second:
    "How many requests the mirror sends the upstream in a second. `Retry-After` is obeyed as well.",
  max_dependencies: "How many projects at most are mirrored because others require them.",
  max_dependency_size: "How much of these at most, before no further one is added.",
  filters: "What is mirrored of the projects; the keys are below. Left out: everything.",
};

export const MIRROR_FILTER_MEANINGS: Meanings<typeof mirrorFilters> = {
  only: 'Of the projects that these match, only these versions: `["django>=5.2"]`.',
  deny: 'Projects, versions and digests that are not mirrored: `["tf-nightly*", "demo<2", "sha256:…"]`.',
  exclude: 'Regular expressions; a file whose name one of them matches is not mirrored: `["-win32\\\\.whl$"]`.',
  prereleases: "Whether pre-releases are mirrored.",
  yanked: "Whether yanked files are mirrored.",
  latest:
    "How many releases of a project are mirrored: the highest versions of those that each entry or requirement asks for. Where all are pre-releases, the highest final one is among them.",
  pythons: "CPython versions for which wheels are mirrored, and for which requirements are followed.",
  platforms:
    "Platforms for which wheels are mirrored, and for which requirements are followed: tags as wheels have them.",
  types: "Which kinds of files are mirrored: wheels, sdists, others (eggs and installers).",
  max_file: "Larger files are not mirrored.",
  max_project: "A project that is larger, after all other filters, is not mirrored at all.",
  min_age: "How long after its upload a file is mirrored at the earliest: `3d`.",
  since: "Only what was uploaded at this date or later is mirrored.",
  statuses: "Projects with another status (PEP 792) are not mirrored. Files of a quarantined one never are.",
};

export const INDEX_MEANINGS: Meanings<typeof index> = {
  sources: "Upstreams, or other indexes with all that they have. The first that has a project has it entirely.",
  hosted: "Whether it takes uploads. What it hosts hides the same name in its sources.",
  read: '`"anyone"` or `"token"`. Left out: `"token"` where it is hosted, else `"anyone"`.',
  merge: "Hosted names that hide nothing: their pages have the hosted files and the sources' files.",
  volatile: "Whether a file may be uploaded again with other bytes, and a deleted file's name used again.",
  keep: "Which hosted releases it keeps; the keys are below. Left out: all of them.",
  policy: "What it lets through; the keys are below. Left out: everything.",
};

export const KEEP_MEANINGS: Meanings<typeof keepRules> = {
  per_project:
    "How many releases of a project are kept: the highest versions of the final ones, and as many of the pre-releases, and of the development releases. Left out: all.",
  dev: "For how long after their last upload development releases (`1.0.dev3`) are kept: `30d`. Left out: for good.",
  prerelease: "The same of pre-releases (`1.0rc1`).",
  unused:
    "For how long a release is kept, whatever the other keys say, after a file of it was last uploaded, downloaded or restored; `7d` at least.",
};

export const POLICY_MEANINGS: Meanings<typeof policy> = {
  min_age: "How long after its upload a file is held: `3d`, `48h`, `P7D`.",
  before: "Only what was uploaded before this date is admitted: the index as it was then.",
  unknown_time:
    'Whether `min_age` and `before` hold a file whose upstream does not say when it was uploaded (`"hold"`), or let it through (`"allow"`).',
  malware:
    'The mode of the rule that refuses files of which OSV says that they are malware; or `{ mode = "enforce", sources = ["MAL"], delay = "12h" }`: which records count, by what their ids begin with (left out: all), and for how long after its publication one does not.',
  vulnerable:
    'The rule that refuses files that an advisory names: `{ severity = "high", mode = "enforce", unknown = "audit" }`, with the least severity, and the mode for advisories whose severity is not known (left out: `"off"`).',
  on_missing:
    'Whether `malware` and `vulnerable` let through (`"allow"`) or refuse (`"refuse"`) what they apply to while no advisories are loaded.',
  deny: 'Projects and versions that are refused: `["evil-*", "demo<2"]`.',
  allow: "Projects and versions that no rule but `malware` and `deny` is applied to.",
  prerelease: "The mode of the rule that refuses pre-releases.",
  yanked: "The mode of the rule that refuses yanked files.",
  status: 'Projects with one of these statuses (PEP 792) are refused: `["archived"]`.',
  provenance:
    'What must be [proven](provenance.md) of files (PEP 740). `"regressed"`: once a file of a project was verified, later ones must be, by the same publisher. `"require"`: every file. Or a table: `require`, patterns of names; `regressed`, true; `publishers`, each with `project`, `kind`, `repository`, `workflow`, `account`, `repository_id`, `owner_id` as far as they must be so.',
  modes:
    'The modes of `min_age`, `before`, `deny`, `status` and `provenance`: `{ min_age = "audit" }`. Left out: `"enforce"`.',
};

export const TRUSTED_MEANINGS: Meanings<typeof trusted> = {
  issuer: "Who signs the identity tokens: exactly as the `iss` claim has it.",
  claims: "By the name of a claim, the value that it must have; `*` stands for any characters.",
  index: "The index that the token is for.",
  scopes: "What the token lets its holder do.",
  projects: "The projects that it may change; left out: all.",
};
