/** The key of a cron's row in D1's table `job`, which has the time of its last run, or since when it is expected. */
export const cronRow = (cron: string) => `cron:${cron}`;
