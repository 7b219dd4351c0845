import { once } from "node:events";
import { access, mkdir, readFile, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:net";
import { join } from "node:path";
import { expect } from "chai";
import { after, afterEach, before, beforeEach, describe, it } from "mocha";
import { type LocalPostgres, startPostgres } from "../../local/postgres.ts";
import { clearStaleLock } from "../../local/postgres-lock.ts";
import { LocalServerError } from "../../local/supervised-process.ts";
import { query } from "../support/catalogue.ts";
import { descendants } from "../support/descendants.ts";
import { failureOf } from "../support/failure.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { until } from "../support/until.ts";

describe("startPostgres", () => {
  let folder: string;
  let remove: () => Promise<void>;
  let running: LocalPostgres | undefined;
  const start = async (): Promise<LocalPostgres> => {
    running = await startPostgres({ folder, fsync: false });
    return running;
  };

  before(async () => {
    const temporary = await temporaryFolder();
    folder = join(temporary.path, "postgres");
    remove = () => temporary.remove();
  });
  afterEach(() => running?.close());
  after(() => remove());

  it("starts PostgreSQL 15 in UTC on loopback with a database of our own", async () => {
    const postgres = await start();
    const sql =
      "SELECT current_setting('server_version') AS version, current_setting('TimeZone') AS zone";
    const [row] = await query(postgres.url, sql);

    expect(new URL(postgres.url)).to.include({ hostname: "127.0.0.1", pathname: "/multicloud" });
    expect(row?.["version"]).to.match(/^15\./);
    expect(row?.["zone"]).to.equal("UTC");
  });

  it("leaves nothing when the making of data that goes is cut off", async () => {
    const given = `${folder}-that-goes`;
    const starting = failureOf(startPostgres({ folder: given, temporary: true, fsync: false }));
    const initdb = await until(async () => {
      const pids = await descendants(process.pid);
      const programs = pids.map(async (pid) =>
        readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => ""),
      );
      const names = await Promise.all(programs);
      return pids[names.findIndex((name) => name.split("\0")[0]?.endsWith("/initdb"))] ?? 0;
    });

    process.kill(initdb, "SIGKILL");

    await starting;
    expect(
      await access(given).then(
        () => "there",
        () => "gone",
      ),
    ).to.equal("gone");
  });

  it("refuses a wrong password even from this machine", async () => {
    const postgres = await start();
    const url = new URL(postgres.url);
    url.password = "guess";

    const error = await failureOf(query(url.href, "SELECT 1"), Error);

    expect(error.message).to.include("password authentication failed");
  });

  it("keeps what a run wrote, and nothing accepts connections after close", async () => {
    const first = await start();
    await query(first.url, "CREATE TABLE kept AS SELECT 42 AS answer");
    await first.close();
    await failureOf(query(first.url, "SELECT 1"), Error);

    const second = await start();
    const rows = await query(second.url, "SELECT answer FROM kept");

    expect(rows).to.deep.equal([{ answer: 42 }]);
  });

  it("recovers the data of a server that was killed", async () => {
    const first = await start();
    await query(first.url, "CREATE TABLE survived AS SELECT 1 AS n");
    const lock = await readFile(join(folder, "data", "postmaster.pid"), "utf8");
    process.kill(Number(lock.split("\n")[0]), "SIGKILL");
    await first.close();

    const second = await start();
    const rows = await query(second.url, "SELECT n FROM survived");

    expect(rows).to.deep.equal([{ n: 1 }]);
  });

  it("starts over when an earlier run died while it made the cluster", async () => {
    const temporary = await temporaryFolder();
    await mkdir(join(temporary.path, "data.unfinished"));
    await writeFile(join(temporary.path, "data.unfinished", "PG_VERSION"), "15\n");
    await mkdir(join(temporary.path, "data"));

    const postgres = await startPostgres({ folder: temporary.path, temporary: true, fsync: false });
    const rows = await query(postgres.url, "SELECT 1 AS n");
    await postgres.close();

    expect(rows).to.deep.equal([{ n: 1 }]);
    await failureOf(access(temporary.path), Error);
  });

  it("refuses a folder another run uses and leaves that run alone", async () => {
    const postgres = await start();

    const error = await failureOf(clearStaleLock(join(folder, "data"), 50), LocalServerError);
    const rows = await query(postgres.url, "SELECT 1 AS n");

    expect(error.message).to.match(/another PostgreSQL \(process \d+\) uses/);
    expect(rows).to.deep.equal([{ n: 1 }]);
  });
});

describe("clearStaleLock", () => {
  let data: string;
  let lockFile: string;
  let remove: () => Promise<void>;
  let listener: Server;
  let port: number;

  beforeEach(async () => {
    const temporary = await temporaryFolder();
    data = temporary.path;
    lockFile = join(data, "postmaster.pid");
    remove = () => temporary.remove();
    listener = createServer().listen(0, "127.0.0.1");
    await once(listener, "listening");
    const address = listener.address();
    port = typeof address === "object" && address !== null ? address.port : 0;
  });
  afterEach(async () => {
    listener.close();
    await remove();
  });

  const lockOf = (pid: number) => writeFile(lockFile, `${pid}\n${data}\n0\n${port}\n\n127.0.0.1\n`);

  it("removes the lock when its process id is another program's by now", async () => {
    listener.close();
    await once(listener, "close");
    await lockOf(process.pid);

    await clearStaleLock(data, 0);

    await failureOf(access(lockFile), Error);
  });

  it("removes the lock when its port is another program's by now", async () => {
    await lockOf(2 ** 30);

    await clearStaleLock(data, 0);

    await failureOf(access(lockFile), Error);
  });

  it("removes a lock that was cut off while being written", async () => {
    await writeFile(lockFile, "");

    await clearStaleLock(data, 0);

    await failureOf(access(lockFile), Error);
  });

  it("waits for a server that is about to end", async () => {
    await lockOf(process.pid);
    let asked = 0;
    listener.on("connection", (socket) => {
      socket.destroy();
      asked += 1;
      if (asked === 1) listener.close();
    });

    await clearStaleLock(data, 4_000);

    await until(() => asked === 1);
    await failureOf(access(lockFile), Error);
  });
});
