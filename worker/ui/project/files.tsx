import type { ExplainedFile } from "../../repository/explanation.ts";
import { isYanked, type FileEntry } from "../../pypi/page.ts";
import { listedFrom } from "../../pypi/file-url.ts";
import type { ProjectName } from "../../pypi/name.ts";
import type { PagePlace } from "../layout.tsx";
import { counted } from "../../pypi/counted.ts";
import { Badge, Day, Minute, Scrolled, UploadedBy } from "../parts.tsx";
import { sizeText } from "../../pypi/size-text.ts";
import { BuiltBy } from "./built-by.tsx";
import type { ViewedFile } from "./view.ts";

/** What of the files is shown: what the query of the address says. */
export interface FileFilter {
  readonly python: string | undefined;
  readonly platform: string | undefined;
}

interface FilesProps {
  readonly place: PagePlace;
  readonly project: ProjectName;
  readonly files: readonly ViewedFile[];
  readonly filter: FileFilter;
  /** Who uploaded each file, by its name. */
  readonly by: ReadonlyMap<string, string>;
}

/** So few files need no filter. */
const FEW = 4;

/** More rows take a browser seconds, and no person reads them: the filter finds the others. */
const MAX_SHOWN = 300;

/** The files of one release. */
export function Files({ place, project, files, filter, by }: FilesProps) {
  const shown = files.filter(
    ({ tags }) =>
      (filter.python === undefined || tags.interpreter === filter.python) &&
      (filter.platform === undefined || tags.platform === filter.platform),
  );
  const isMirrored = files.some(({ isHosted }) => !isHosted);
  return (
    <>
      {files.length > FEW && <Filter files={files} filter={filter} shown={shown.length} />}
      <Scrolled by="files">
        <table>
          <thead>
            <tr>
              <th scope="col">File</th>
              <th scope="col">Python</th>
              <th scope="col">ABI</th>
              <th scope="col">Platform</th>
              <th scope="col" class="num">
                Size
              </th>
              <th scope="col">Uploaded</th>
              {isMirrored && <th scope="col">Stored here</th>}
              {by.size > 0 && <th scope="col">By</th>}
            </tr>
          </thead>
          <tbody>
            {shown.slice(0, MAX_SHOWN).map((file) => (
              <FileRow place={place} project={project} file={file} isMirrored={isMirrored} by={by} />
            ))}
          </tbody>
        </table>
      </Scrolled>
      {shown.length > MAX_SHOWN && (
        <p class="soft">
          The first {MAX_SHOWN} are shown. Choose a Python or a platform, or see all of them in the{" "}
          <a href={`${place.at}simple/${project}/`}>Simple API</a>.
        </p>
      )}
    </>
  );
}

interface FileRowProps {
  readonly place: PagePlace;
  readonly project: ProjectName;
  readonly file: ViewedFile;
  readonly isMirrored: boolean;
  readonly by: ReadonlyMap<string, string>;
}

function FileRow({ place, project, file: { entry, tags, isHosted, stored, builder }, isMirrored, by }: FileRowProps) {
  const uploaded = Date.parse(entry["upload-time"] ?? "");
  const { sha256 } = entry.hashes;
  const publisher = by.get(entry.filename);
  return (
    <tr>
      <th scope="row" class="name">
        <a href={listedFrom(entry, `${place.at}files/`).url} rel="nofollow">
          {entry.filename}
        </a>{" "}
        {isYanked(entry) && <Badge tone="warn">yanked</Badge>}{" "}
        {entry._kept && <Badge tone="warn">{entry._kept === "removed" ? "gone upstream" : "changed upstream"}</Badge>}{" "}
        {builder && <BuiltBy builder={builder} provenance={provenanceLink(entry, place)} />}
        {sha256 && (
          <details class="small">
            <summary class="soft">sha256</summary>
            <code>{sha256}</code>
          </details>
        )}
      </th>
      <td>{tags.python}</td>
      <td>{tags.abi}</td>
      <td>{tags.platform}</td>
      <td class="num">{entry.size === undefined ? "" : sizeText(entry.size)}</td>
      <td class="day">{Number.isNaN(uploaded) ? "" : <Minute at={uploaded} />}</td>
      {isMirrored && (
        <td>
          {isHosted ? (
            "hosted"
          ) : stored ? (
            <>
              yes, used <Day at={stored.usedAt} />
            </>
          ) : (
            <span class="soft">no</span>
          )}
        </td>
      )}
      {by.size > 0 && (
        <td>{publisher === undefined ? "" : <UploadedBy place={place} project={project} name={publisher} />}</td>
      )}
    </tr>
  );
}

/** A file's provenance here, or where its upstream has it. */
function provenanceLink({ provenance }: FileEntry, { at }: PagePlace): string | undefined {
  if (provenance === undefined) return undefined;
  if (/^(?:\.\.\/)+integrity\//.test(provenance)) return provenance.replace(/^(?:\.\.\/)+/, at);
  return /^https?:\/\//.test(provenance) ? provenance : undefined;
}

interface FilterProps extends Pick<FilesProps, "files" | "filter"> {
  readonly shown: number;
}

function Filter({ files, filter, shown }: FilterProps) {
  const pythons = new Map(
    files.map(({ tags: { python, interpreter } }) => [
      interpreter,
      interpreter === "source" ? "source archives" : `${python} (${interpreter})`,
    ]),
  );
  const platforms = new Map(files.flatMap(({ tags: { platform } }) => (platform === "" ? [] : [[platform, platform]])));
  return (
    <form class="filter" action="#files">
      <Choice name="python" label="Python" all="every Python" options={pythons} chosen={filter.python} />
      <Choice name="platform" label="Platform" all="every platform" options={platforms} chosen={filter.platform} />
      <button>Show</button>
      <span class="soft small" role="status">
        {shown.toLocaleString("en")} of {counted(files.length, "file")}
      </span>
    </form>
  );
}

interface ChoiceProps {
  readonly name: string;
  readonly label: string;
  readonly all: string;
  readonly options: ReadonlyMap<string, string>;
  readonly chosen: string | undefined;
}

function Choice({ name, label, all, options, chosen }: ChoiceProps) {
  return (
    <label>
      {label}
      <select name={name}>
        <option value="">{all}</option>
        {[...options].map(([value, text]) => (
          <option value={value} selected={value === chosen}>
            {text}
          </option>
        ))}
      </select>
    </label>
  );
}

/** So many refused files are named; all of them are on the page that explains the policy. */
const MAX_REFUSED = 50;

interface RefusedProps {
  readonly place: PagePlace;
  readonly project: string;
  /** The oldest first. */
  readonly files: readonly ExplainedFile[];
}

/** Files that the policy refuses, with the reason: the guard's own sentences. */
export function Refused({ place, project, files }: RefusedProps) {
  return (
    <>
      <h2 id="refused">Not offered</h2>
      <ul class="plain refused">
        {files.slice(0, MAX_REFUSED).map(({ filename, rules }) => (
          <li class="card">
            <b>{filename}</b>
            {rules
              .filter(({ mode, exempted }) => mode === "enforce" && !exempted)
              .map(({ rule, sentence, advisory }) => (
                <p>
                  <Badge tone="bad">{rule}</Badge> {sentence}
                  {advisory && (
                    <>
                      {" "}
                      <a href={advisory.url} rel="noopener noreferrer">
                        {advisory.id}
                      </a>
                    </>
                  )}
                </p>
              ))}
          </li>
        ))}
      </ul>
      <p>
        <a href={`${place.at}-/why/${project}`}>What the policy says of each file of {project}</a>
      </p>
    </>
  );
}
