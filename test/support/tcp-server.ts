import { once } from "node:events";
import { createServer, type Socket } from "node:net";

/** A TCP server on a free port of 127.0.0.1. */
export interface TcpServer {
  port: number;
  /** Cuts every connection and listens no more. */
  close(): Promise<void>;
}

/** Errors of connections are no errors of the test: they are cut on purpose. */
export async function startTcpServer(onConnection: (client: Socket) => void): Promise<TcpServer> {
  const clients = new Set<Socket>();
  const server = createServer((client) => {
    clients.add(client);
    client.on("error", () => {}).on("close", () => clients.delete(client));
    onConnection(client);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new TypeError("not a TCP address");
  const close = async (): Promise<void> => {
    server.close();
    for (const client of clients) client.destroy();
    await once(server, "close");
  };
  return { port: address.port, close };
}
