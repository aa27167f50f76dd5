import { counted } from "../../pypi/counted.ts";
import type { ShownRequirement } from "../../pypi/project-metadata.ts";
import type { PagePlace } from "../layout.tsx";
import { Badge, Day, Minute } from "../parts.tsx";
import { heldUntil } from "../../repository/held-fixes.ts";
import type { SharedMetadata } from "./release-metadata.ts";
import type { ProjectView, ViewedRelease } from "./view.ts";

interface ViewProps {
  readonly place: PagePlace;
  readonly view: ProjectView;
}

const LINK = "nofollow noopener noreferrer ugc";

/** What the release says of itself. */
export function Facts({ view: { shown, metadata, files } }: ViewProps) {
  const [first] = metadata.known;
  const { license, people = [], links = [], extras = [] } = first?.metadata ?? {};
  const requiresPython =
    first?.metadata.requiresPython ?? files.find(({ entry }) => entry["requires-python"])?.entry["requires-python"];
  return (
    <dl class="facts">
      {shown?.uploadedAt !== undefined && (
        <div>
          <dt>Released</dt>
          <dd>
            <Minute at={shown.uploadedAt} />
          </dd>
        </div>
      )}
      <Fact name="Requires Python" value={requiresPython} />
      <Fact name="Licence" value={license} />
      <Fact name="By" value={people.join(", ")} />
      <Fact name="Extras" value={extras.join(", ")} />
      {links.length > 0 && (
        <div>
          <dt>Links</dt>
          <dd>
            <ul class="plain">
              {links.map(({ label, url }) => (
                <li>
                  <a href={url} rel={LINK}>
                    {label}
                  </a>
                </li>
              ))}
            </ul>
          </dd>
        </div>
      )}
    </dl>
  );
}

const Fact = ({ name, value }: { readonly name: string; readonly value: string | undefined }) =>
  value ? (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  ) : null;

/** Requirements, by the files that have them: of one release they may differ. */
export function Dependencies({ place, view: { metadata } }: ViewProps) {
  const { known, unread } = metadata;
  if (known.length === 0) return null;
  return (
    <section>
      <h2>Dependencies</h2>
      {known.map((shared, at) => (
        <Requirements
          place={place}
          shared={shared}
          isOnly={known.length === 1 && unread.length === 0}
          isFirst={at === 0}
        />
      ))}
      {unread.length > 0 && <p class="soft small">The metadata of {counted(unread.length, "wheel")} was not read.</p>}
    </section>
  );
}

interface RequirementsProps {
  readonly place: PagePlace;
  readonly shared: SharedMetadata;
  readonly isOnly: boolean;
  readonly isFirst: boolean;
}

function Requirements({ place, shared: { metadata, files, isOfSdist }, isOnly, isFirst }: RequirementsProps) {
  const { requirements } = metadata;
  const mayNeedMore = isOfSdist && metadata.mayRequireMore;
  const isExtra = ({ marker }: ShownRequirement) => /\bextra\b/.test(marker);
  const needed = requirements.filter((each) => !isExtra(each));
  const optional = requirements.filter(isExtra);
  return (
    <>
      {!isOnly && (
        <details open={isFirst}>
          <summary class="soft small">Of {counted(files.length, isOfSdist ? "sdist" : "wheel")}</summary>
          <ul class="plain small">
            {files.map((filename) => (
              <li>{filename}</li>
            ))}
          </ul>
        </details>
      )}
      {needed.length === 0 && !mayNeedMore && <p class="soft">It needs nothing else.</p>}
      <RequirementList place={place} requirements={needed} />
      {optional.length > 0 && (
        <details>
          <summary>{optional.length} more with extras</summary>
          <RequirementList place={place} requirements={optional} />
        </details>
      )}
      {mayNeedMore && <p class="soft small">This is of the sdist. What is built from it may need more.</p>}
    </>
  );
}

function RequirementList({
  place,
  requirements,
}: Pick<RequirementsProps, "place"> & { readonly requirements: readonly ShownRequirement[] }) {
  return (
    <ul class="plain">
      {requirements.map(({ project, rest, marker }) => (
        <li>
          {project && <a href={`${place.at}project/${project}/`}>{project}</a>} {rest}
          {marker !== "" && <span class="soft small"> if {marker}</span>}
        </li>
      ))}
    </ul>
  );
}

/** So many releases are shown at once; the others open with a click. */
const SHOWN = 12;

/** All releases, with what keeps installers from them. */
export function Versions({ place, view: { project, releases, shown } }: ViewProps) {
  const row = (release: ViewedRelease) => (
    <VersionRow
      href={`${place.at}project/${project}/${encodeURIComponent(release.version)}/`}
      release={release}
      isShown={release === shown}
    />
  );
  const first = releases.slice(0, SHOWN);
  const rest = releases.slice(SHOWN);
  return (
    <section>
      <h2 id="versions">{counted(releases.length, "version")}</h2>
      <ul class="plain">{first.map(row)}</ul>
      {rest.length > 0 && (
        <details>
          <summary>{counted(rest.length, "older version")}</summary>
          <ul class="plain">{rest.map(row)}</ul>
        </details>
      )}
    </section>
  );
}

interface VersionRowProps {
  readonly href: string;
  readonly release: ViewedRelease;
  readonly isShown: boolean;
}

function VersionRow({ href, release, isShown }: VersionRowProps) {
  const { version, uploadedAt, yanked, reason, refused, files } = release;
  const [first] = refused;
  const until = Math.min(...refused.map(heldUntil));
  return (
    <li>
      {version === "" ? (
        "other files"
      ) : (
        <a href={href} aria-current={isShown ? "page" : undefined}>
          {version}
        </a>
      )}{" "}
      {uploadedAt !== undefined && (
        <span class="soft small">
          <Day at={uploadedAt} />
        </span>
      )}{" "}
      {yanked && files > 0 && <Badge tone="warn">yanked</Badge>}{" "}
      {first && files > 0 && <Badge tone="warn">{counted(refused.length, "file")} refused</Badge>}
      {first && files === 0 && (
        <Badge tone="bad">
          {until === Infinity ? (
            "refused"
          ) : (
            <>
              held until <Day at={until} />
            </>
          )}
        </Badge>
      )}
      {yanked && reason && <div class="soft small">{reason}</div>}
    </li>
  );
}
