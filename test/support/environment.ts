/** Where a process of ours finds its services, as it reads it. */
export type Places = Record<"DATABASE_URL" | "REDIS_URL" | "QUEUE_PREFIX", string>;

/**
 * Sets environment variables of this process, or takes them away where the value is undefined. Returns what puts them
 * back as they were: `process.env` itself must stay, since only that one reaches the C library and child processes.
 */
export function setEnvironment(changes: Record<string, string | undefined>): () => void {
  const before = Object.fromEntries(Object.keys(changes).map((name) => [name, process.env[name]]));
  const set = (values: Record<string, string | undefined>): void => {
    for (const [name, value] of Object.entries(values)) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  };
  set(changes);
  return () => set(before);
}
