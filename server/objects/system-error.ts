/** Whether an error is one of the system's with this code, such as ENOENT. */
export const isSystemError = (error: unknown, code: string) =>
  error instanceof Error && (error as NodeJS.ErrnoException).code === code;
