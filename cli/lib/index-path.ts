/** An index's path below the server's address, with its final slash; empty for the default index. */
export const indexPath = (index: string) => (index === "default" ? "" : `${encodeURIComponent(index)}/`);
