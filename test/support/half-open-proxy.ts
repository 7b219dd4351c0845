import { connect, type Socket } from "node:net";
import { startTcpServer, type TcpServer } from "./tcp-server.ts";

/** A TCP proxy whose connections can turn half-open: both ends stay connected, nothing goes through any more. */
export interface HalfOpenProxy extends TcpServer {
  /** Every connection there is now goes silent for ever; new ones work. Returns how many those were. */
  silence(): number;
  /** As `silence`, and new connections are accepted and silent too, until `restore`; those stay so. */
  swallow(): number;
  restore(): void;
}

export async function halfOpenProxy(targetPort: number): Promise<HalfOpenProxy> {
  const pairs = new Set<[Socket, Socket]>();
  const targets = new Set<Socket>();
  let swallows = false;
  const server = await startTcpServer((client) => {
    if (swallows) {
      client.resume();
      return;
    }
    const target = connect(targetPort, "127.0.0.1").on("error", () => {});
    const pair: [Socket, Socket] = [client, target];
    pairs.add(pair);
    targets.add(target.on("close", () => targets.delete(target)));
    for (const socket of pair) socket.on("close", () => pairs.delete(pair));
    client.pipe(target).pipe(client);
  });
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
    for (const target of targets) target.destroy();
    await server.close();
  };
  return { port: server.port, silence, swallow, restore, close };
}
