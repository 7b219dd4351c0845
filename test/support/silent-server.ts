import { once } from "node:events";
import { createServer, type Socket } from "node:net";

/** A TCP server that takes connections and never says a word, as behind a firewall that swallows packets. */
export interface SilentServer {
  /** Such as `127.0.0.1:1234`. */
  address: string;
  /** Resolves once somebody has connected. */
  reached: Promise<unknown>;
  close(): Promise<void>;
}

export async function startSilentServer(): Promise<SilentServer> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {}).resume();
  });
  const reached = once(server, "connection");
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new TypeError("not a TCP address");
  const close = async (): Promise<void> => {
    for (const socket of sockets) socket.destroy();
    await new Promise<void>((resolve) => server.close(() => resolve()));
  };
  return { address: `127.0.0.1:${address.port}`, reached, close };
}
