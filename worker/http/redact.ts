/** A text that a client sent, for the log: without the secrets of tokens, and without the credentials of addresses in it. */
export const redacted = (text: string) =>
  text.replace(/(pypi-edge_[\da-f]{1,16}_)[\w-]+/gi, "$1…").replace(/(\/\/|%2f%2f)[^/@\s]+(@|%40)/gi, "$1…$2");
