/** The row of D1's table `job` that says when a cron last ran, or since when it is expected. */
export const cronRow = (cron: string) => `cron:${cron}`;
