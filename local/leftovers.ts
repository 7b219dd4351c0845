import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";

/**
 * Removes the folders `<prefix><process id>…` below a folder whose process is gone: whoever was killed could not. Those
 * of other users of the machine stay.
 */
export async function removeLeftovers(folder: string, prefix: string): Promise<void> {
  const names = await readdir(folder).catch(() => []);
  const abandoned = names.filter((name) => {
    const pid = name.startsWith(prefix) ? Number.parseInt(name.slice(prefix.length), 10) : 0;
    return pid > 0 && !isAlive(pid);
  });
  const remove = async (name: string) => rm(join(folder, name), { recursive: true, force: true });
  await Promise.allSettled(abandoned.map(remove));
}

/** Whether a process exists, also one that is not ours. */
export function isAlive(pid: number): boolean {
  if (!Number.isInteger(pid) || pid < 1) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}
