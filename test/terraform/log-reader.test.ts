import { appendFile, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { afterEach, beforeEach, describe, it } from "mocha";
import { LogReader } from "../../terraform/log-reader.ts";

describe("LogReader", () => {
  let directory: string;
  let path: string;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), "multicloud-log-"));
    path = join(directory, "apply.log");
  });
  afterEach(async () => rm(directory, { recursive: true }));

  it("gives nothing while the file does not exist", async () => {
    expect(await read(new LogReader(path))).to.deep.equal([]);
  });

  it("gives each complete line once", async () => {
    const reader = new LogReader(path);
    await writeFile(path, "one\ntwo\n");

    expect(await read(reader)).to.deep.equal(["one", "two"]);
    expect(await read(reader)).to.deep.equal([]);
  });

  it("waits for the end of a torn line", async () => {
    const reader = new LogReader(path);
    await writeFile(path, 'one\n{"type":"appl');

    expect(await read(reader)).to.deep.equal(["one"]);
    await appendFile(path, 'y_start"}\n');
    expect(await read(reader)).to.deep.equal(['{"type":"apply_start"}']);
  });

  it("reads lines longer than its chunks, with characters across their borders", async () => {
    const long = "é€".repeat(60_000);
    await writeFile(path, `x${long}\nnext\n`);

    expect(await read(new LogReader(path))).to.deep.equal([`x${long}`, "next"]);
  });

  it("goes on at the offset where another reader stopped", async () => {
    const first = new LogReader(path);
    await writeFile(path, "ünö\ntorn");
    await read(first);

    await appendFile(path, " line\n");

    expect(first.offset).to.equal(Buffer.byteLength("ünö\n"));
    expect(await read(new LogReader(path, first.offset))).to.deep.equal(["torn line"]);
  });
});

async function read(reader: LogReader): Promise<string[]> {
  const lines: string[] = [];
  for await (const line of reader.lines()) lines.push(line);
  return lines;
}
