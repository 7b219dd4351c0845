import { join } from "node:path";
import { Redis } from "ioredis";
import { startRedis } from "../../local/redis.ts";
import { want } from "./services.ts";
import { temporaryFolder } from "./temporary-folder.ts";

// The shared server is found, or built, first; ours then starts from the same program.
want("redis");

export interface OwnRedis {
  url: string;
  /** A connection that BullMQ accepts; closed by `close`. */
  connection(): Redis;
  close(): Promise<void>;
}

/** A Redis server of its own, for tests that empty or end it. */
export async function ownRedis(): Promise<OwnRedis> {
  const folder = await temporaryFolder();
  const server = await startRedis({ folder: join(folder.path, "redis"), temporary: true });
  const connections: Redis[] = [];
  const connection = () => {
    const opened = new Redis(server.url, { maxRetriesPerRequest: null });
    opened.on("error", () => {});
    connections.push(opened);
    return opened;
  };
  const close = async () => {
    for (const opened of connections.splice(0)) opened.disconnect();
    await server.close();
    await folder.remove();
  };
  return { url: server.url, connection, close };
}
