/** A file is no sound distribution. The message goes on from the file's name: what is wrong with it. */
export class Faulty extends Error {
  /** What its maker can do about it. */
  readonly remedy: string;

  constructor(message: string, remedy = "build it anew with a current build tool and upload that") {
    super(message);
    this.remedy = remedy;
  }
}

/** A name from inside the file, as a sentence shows it. */
export const shown = (name: string) => JSON.stringify(name.length > 100 ? `${name.slice(0, 100)}…` : name);
