import { once } from "node:events";
import { readFile, rm } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { isAlive } from "./leftovers.ts";
import { LocalServerError } from "./supervised-process.ts";

/** A server whose owner was killed stops by itself; this is how long we give it. */
const defaultPatienceMs = 10_000;

/**
 * Removes the lock file of a server that is gone. PostgreSQL alone would refuse to start when the process id in
 * it belongs to somebody else by now, which is common in containers where ids start at 1 again.
 * Throws LocalServerError when a server really runs there.
 */
export async function clearStaleLock(data: string, patienceMs = defaultPatienceMs): Promise<void> {
  const lockFile = join(data, "postmaster.pid");
  const deadline = performance.now() + patienceMs;
  for (;;) {
    const text = await readFile(lockFile, "utf8").catch(() => null);
    if (text === null) return;
    const [pid, , , port] = text.split("\n");
    if (!(isAlive(Number(pid)) && (await accepts(Number(port))))) break;
    if (performance.now() > deadline) {
      throw new LocalServerError(
        `another PostgreSQL (process ${pid}) uses ${data}: stop the run that started it first`,
      );
    }
    await delay(100);
  }
  await rm(lockFile, { force: true });
}

async function accepts(port: number): Promise<boolean> {
  if (!Number.isInteger(port) || port < 1 || port > 65_535) return false;
  const socket = connect(port, "127.0.0.1");
  try {
    await once(socket, "connect");
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
