import { connect, type Socket } from "node:net";
import { startTcpServer } from "./tcp-server.ts";

/** A TCP server in front of another one, to take that away from a client and give it back. */
export interface Proxy {
  /** The given URL with the proxy's address. */
  url: string;
  /** Cuts every connection and refuses new ones until `restore`. */
  cut(): void;
  restore(): void;
  close(): Promise<void>;
}

export async function startProxy(target: string): Promise<Proxy> {
  const { hostname, port } = new URL(target);
  const upstreams = new Set<Socket>();
  let isCut = false;
  const server = await startTcpServer((client) => {
    if (isCut) {
      client.destroy();
      return;
    }
    const upstream = connect(Number(port), hostname).on("error", () => {});
    upstreams.add(upstream);
    client.pipe(upstream).pipe(client);
    client.on("close", () => upstream.destroy());
    upstream.on("close", () => {
      upstreams.delete(upstream);
      client.destroy();
    });
  });
  const url = new URL(target);
  url.host = `127.0.0.1:${server.port}`;
  const cut = () => {
    isCut = true;
    for (const upstream of upstreams) upstream.destroy();
  };
  const restore = () => {
    isCut = false;
  };
  return { url: url.href, cut, restore, close: async () => server.close() };
}
