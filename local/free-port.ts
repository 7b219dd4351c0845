import { once } from "node:events";
import { createServer } from "node:net";
import { LocalServerError } from "./supervised-process.ts";

const attempts = 3;

/**
 * Starts a server on a free port of 127.0.0.1; again on another one when somebody took the port in between.
 */
export async function onFreePort<T>(start: (port: number) => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await start(await freePort());
    } catch (error) {
      const isPortTaken = error instanceof LocalServerError && /in use/i.test(error.logTail);
      if (!isPortTaken || attempt === attempts) throw error;
    }
  }
}

/** A port of 127.0.0.1 on which nobody listens now. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (address === null || typeof address === "string") throw new TypeError("not a TCP address");
  return address.port;
}
