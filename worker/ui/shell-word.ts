/** A text as one word of a command line, for a shell of POSIX. */
export const shellWord = (text: string) => (/^[\w.:@%+=/-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`);
