import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";

/** A TCP proxy whose connections can turn half-open: both ends stay connected, nothing goes through any more. */
export interface HalfOpenProxy {
  port: number;
  /** Every connection there is now goes silent for ever; new ones work. Returns how many those were. */
  silence(): number;
  /** As `silence`, and new connections are accepted and silent too, until `restore`; those stay so. */
  swallow(): number;
  restore(): void;
  close(): Promise<void>;
}

export async function halfOpenProxy(targetPort: number): Promise<HalfOpenProxy> {
  const sockets = new Set<Socket>();
  const pairs = new Set<[Socket, Socket]>();
  let swallows = false;
  const server = createServer((client) => {
    if (swallows) {
      sockets.add(client);
      client.on("error", () => {}).on("close", () => sockets.delete(client));
      client.resume();
      return;
    }
    const target = connect(targetPort, "127.0.0.1");
    const pair: [Socket, Socket] = [client, target];
    pairs.add(pair);
    for (const socket of pair) {
      sockets.add(socket);
      socket.on("error", () => {});
      socket.on("close", () => {
        sockets.delete(socket);
        pairs.delete(pair);
      });
    }
    client.pipe(target);
    target.pipe(client);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new TypeError("not a TCP address");
  const silence = (): number => {
    const count = pairs.size;
    for (const [client, target] of pairs) {
      client.unpipe(target);
      target.unpipe(client);
      // Read and thrown away: the kernel goes on acknowledging, so that no keep-alive notices.
      client.resume();
      target.resume();
    }
    pairs.clear();
    return count;
  };
  const swallow = (): number => {
    swallows = true;
    return silence();
  };
  const restore = (): void => {
    swallows = false;
  };
  const close = async (): Promise<void> => {
    server.close();
    for (const socket of sockets) socket.destroy();
    await once(server, "close");
  };
  return { port: address.port, silence, swallow, restore, close };
}
