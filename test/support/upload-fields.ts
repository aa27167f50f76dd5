/** What publishing clients say of a wheel, in their order. */
export const uploadFields = (wheel: {
  readonly project: string;
  readonly version: string;
  readonly sha256: string;
}) => ({
  ":action": "file_upload",
  protocol_version: "1",
  filetype: "bdist_wheel",
  pyversion: "py3",
  metadata_version: "2.1",
  name: wheel.project,
  version: wheel.version,
  sha256_digest: wheel.sha256,
});
