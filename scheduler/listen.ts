import { setTimeout as delay } from "node:timers/promises";
import { Client } from "pg";
import { keepAliveInitialDelayMillis } from "../runtime/database.ts";

export interface ListenOptions {
  databaseUrl: string;
  channel: string;
  /** Called at every notification, and when the connection was made: what came before was not heard. */
  onNotify: () => void;
  onError: (error: unknown) => void;
}

export interface Listener {
  close(): Promise<void>;
}

const reconnectAfterMs = 500;

/** Listens to a channel of PostgreSQL on a connection of its own and connects again whenever that breaks. */
export function listen(options: ListenOptions): Listener {
  const stopping = new AbortController();
  const run = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      try {
        await listenOnce(options, stopping.signal);
      } catch (error) {
        options.onError(error);
      }
      await delay(reconnectAfterMs, undefined, { signal: stopping.signal }).catch(() => {});
    }
  };
  const ended = run();
  return {
    close: async () => {
      stopping.abort();
      await ended;
    },
  };
}

/** Listens until the connection ends or the signal aborts. */
async function listenOnce(
  { databaseUrl, channel, onNotify }: ListenOptions,
  signal: AbortSignal,
): Promise<void> {
  const client = new Client({
    connectionString: databaseUrl,
    application_name: "multicloud-listener",
    connectionTimeoutMillis: 10_000,
    keepAlive: true,
    keepAliveInitialDelayMillis,
  });
  const over = new Promise<void>((resolve, reject) => {
    client.on("error", reject);
    client.on("end", resolve);
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
  client.on("notification", onNotify);
  try {
    await Promise.race([client.connect(), over]);
    if (signal.aborted) return;
    await client.query(`LISTEN ${client.escapeIdentifier(channel)}`);
    onNotify();
    await over;
  } finally {
    over.catch(() => {});
    await client.end().catch(() => {});
  }
}
