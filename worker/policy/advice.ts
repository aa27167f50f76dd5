/**
 * What is said of a file of which a rule only warns: it can be installed, so that it is neither refused nor held.
 *
 * @param sentence what the rule says of it
 */
export const adviceOf = (sentence: string): string =>
  sentence.replace(/ is (?:refused|held)(?=: | until )/, " should not be used");
