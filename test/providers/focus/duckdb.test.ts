import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { join } from "node:path";
import { expect } from "chai";
import { afterEach, beforeEach, describe, it } from "mocha";
import { type FileReader, openReader } from "../../../providers/focus/duckdb.ts";
import { failureOf } from "../../support/failure.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

describe("openReader", () => {
  let folder: string;
  let reader: FileReader;
  let remove: () => Promise<void>;

  beforeEach(async () => {
    const temporary = await temporaryFolder();
    folder = temporary.path;
    await writeFile(join(folder, "bill*.csv"), "a\n1\n");
    await writeFile(join(folder, "bill2.csv"), "a\n2\n");
    reader = await openReader(join(folder, "bill*.csv"));
    remove = () => temporary.remove();
  });
  afterEach(async () => {
    await reader.close();
    await remove();
  });

  const rowsOf = async (sql: string) => (await reader.connection.runAndReadAll(sql)).getRows();

  it("reads the one file, whose name is no wildcard", async () => {
    expect(await rowsOf(`FROM read_csv('${reader.file}', all_varchar = true)`)).to.deep.equal([
      ["1"],
    ]);
  });

  it("reads and writes no other file, loads nothing, and cannot be talked out of it", async () => {
    const statements = [
      `FROM read_csv('${folder}/bill2.csv')`,
      `FROM read_text('/etc/hostname')`,
      `FROM glob('${folder}/*')`,
      `COPY (SELECT 1) TO '${folder}/written.csv'`,
      `ATTACH '${folder}/written.db'`,
      "INSTALL httpfs",
      "LOAD httpfs",
      "SET enable_external_access = true",
      `SET allowed_paths = ['${folder}/bill2.csv']`,
    ];
    for (const statement of statements) {
      const error = await failureOf(rowsOf(statement), Error);
      expect(error.message, statement).to.match(/^Permission Error|has been locked/);
    }
  });

  it("asks no server", async () => {
    let requests = 0;
    const server = createServer((_request, response) => {
      requests += 1;
      response.end("a\n1\n");
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    const address = server.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;

    await failureOf(rowsOf(`FROM read_csv('http://127.0.0.1:${port}/bill.csv')`), Error);
    server.close();

    expect(requests).to.equal(0);
  });

  it("works in bounded memory on two threads", async () => {
    const sql = "SELECT current_setting('threads')::INT, current_setting('memory_limit')";

    expect(await rowsOf(sql)).to.deep.equal([[2, "244.1 MiB"]]);
  });
});
