/** A failure that the person at the terminal can do something about: its message is all they see. */
export class Sentence extends Error {
  override readonly name = "Sentence";
}
