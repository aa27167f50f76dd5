/** The file is not a valid distribution. The message continues a sentence that begins with the filename. */
export class InvalidDistribution extends Error {
  /** What the uploader can do about it. */
  readonly remedy: string;

  constructor(message: string, remedy = "build it again with a current build tool and upload the new file") {
    super(message);
    this.remedy = remedy;
  }
}

/** Quotes and cuts a name from inside the file, for a message. */
export const quotedName = (name: string) => JSON.stringify(name.length > 100 ? `${name.slice(0, 100)}…` : name);
