import { STATUSES } from "../../../schema/release.ts";
import type { ManagedProject } from "../../http/managed-project.ts";
import { Form } from "../form.tsx";
import { RELEASE_FORMS } from "../operate/release-forms.ts";
import type { PagePlace } from "../layout.tsx";
import { counted } from "../../pypi/counted.ts";
import { Command } from "../parts.tsx";

interface ManageProps {
  readonly place: PagePlace;
  readonly project: string;
  readonly managed: ManagedProject;
}

/** Limit of what is listed of the trash. */
const MAX_RESTORABLE = 20;

/** What the reader may change of a project: each form has the command beneath it that does the same. */
export function Manage(props: ManageProps) {
  const { managed } = props;
  return (
    <section>
      <h2 id="manage">Manage</h2>
      {managed.release && <Yank {...props} release={managed.release} />}
      {managed.isAdmin && <Status {...props} />}
      {managed.isAdmin && managed.release && <Delete {...props} version={managed.release.version} />}
      {managed.isAdmin && managed.restorable.length > 0 && <Restore {...props} />}
    </section>
  );
}

const Reason = ({ value }: { readonly value: string }) => (
  <label>
    Reason, which installers show
    <input name="reason" maxlength={400} value={value} />
  </label>
);

function Yank({ place, project, release }: ManageProps & { readonly release: NonNullable<ManagedProject["release"]> }) {
  const { version, files, yankedFiles, reason } = release;
  const isWhole = yankedFiles === files;
  return (
    <details class="card">
      <summary>{isWhole ? `Unyank ${version}` : `Yank ${version}`}</summary>
      {isWhole ? (
        <Form place={place} to={toOf(place, project, "unyank")} class="fields">
          <input type="hidden" name="version" value={version} />
          <p class="soft small">Installers choose it again.</p>
          <button class="main">Unyank {version}</button>
        </Form>
      ) : (
        <Form place={place} to={toOf(place, project, "yank")} class="fields">
          <input type="hidden" name="version" value={version} />
          <p class="soft small">
            Installers skip it unless its version is pinned
            {yankedFiles > 0 && `; ${yankedFiles} of ${counted(files, "file")} are yanked already`}.
          </p>
          <Reason value={reason} />
          <button class="main">Yank {version}</button>
        </Form>
      )}
      <Twin
        place={place}
        text={isWhole ? `unyank ${project} ${version}` : `yank ${project} ${version}`}
        more={isWhole ? "" : ' --reason "…"'}
      />
    </details>
  );
}

function Status({ place, project, managed: { status, statusReason } }: ManageProps) {
  return (
    <details class="card">
      <summary>Status of {project}</summary>
      <Form place={place} to={toOf(place, project, "status")} class="fields">
        <label>
          Status
          <select name="status">
            {STATUSES.map((each) => (
              <option value={each} selected={each === status}>
                {each}
              </option>
            ))}
          </select>
        </label>
        <p class="soft small">No file of a quarantined project is given. An archived one takes no uploads.</p>
        <Reason value={statusReason} />
        <button class="main">Set the status</button>
      </Form>
      <Twin place={place} text={`status ${project} archived`} more={' --reason "…"'} />
    </details>
  );
}

function Delete({ place, project, version }: ManageProps & { readonly version: string }) {
  return (
    <details class="card">
      <summary>Delete {version}</summary>
      <Form place={place} to={toOf(place, project, "delete")} class="fields">
        <input type="hidden" name="version" value={version} />
        <p class="soft small">
          Clients get it no more. It can be restored for 30 days; the names of its files cannot be used again, except in
          a volatile index. To have installers skip it, yank it instead.
        </p>
        <label>
          Type {project} to delete {version}
          <input name="confirm" required autocomplete="off" autocapitalize="none" spellcheck={false} />
        </label>
        <button class="danger">Delete {version}</button>
      </Form>
      <Twin place={place} text={`delete ${project} ${version}`} />
    </details>
  );
}

function Restore({ place, project, managed: { restorable } }: ManageProps) {
  return (
    <details class="card">
      <summary>Deleted: {counted(restorable.length, "release")}</summary>
      <p class="soft small">For 30 days after it was deleted, a release can be taken back as it was.</p>
      {restorable.slice(0, MAX_RESTORABLE).map(({ version, files }) => (
        <Form place={place} to={toOf(place, project, "restore")} class="actions">
          <input type="hidden" name="version" value={version} />
          <button>Restore {version}</button> <span class="soft small">{counted(files, "file")}</span>
        </Form>
      ))}
      <Twin place={place} text={`restore ${project} ${restorable[0]?.version ?? ""}`} />
    </details>
  );
}

interface TwinProps {
  readonly place: Pick<PagePlace, "name">;
  readonly text: string;
  readonly more?: string;
}

const Twin = ({ place: { name }, text, more = "" }: TwinProps) => (
  <Command text={`pypi-edge release ${text} --index ${name}${more}`} label={text} />
);

const toOf = ({ name }: Pick<PagePlace, "name">, project: string, action: string) =>
  `${RELEASE_FORMS}/${name}/${project}/${action}`;
