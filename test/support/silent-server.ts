import { startTcpServer, type TcpServer } from "./tcp-server.ts";

/** A TCP server that takes connections and never says a word, as behind a firewall that swallows packets. */
export interface SilentServer extends TcpServer {
  /** Resolves once somebody has connected. */
  reached: Promise<void>;
}

export async function startSilentServer(): Promise<SilentServer> {
  let reach = (): void => {};
  const reached = new Promise<void>((resolve) => {
    reach = resolve;
  });
  const server = await startTcpServer((client) => {
    client.resume();
    reach();
  });
  return { ...server, reached };
}
