import { EventEmitter, once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { afterEach, beforeEach, describe, it } from "mocha";
import { watchState } from "../../terraform/watch-state.ts";
import { until } from "../support/until.ts";

function stateText(serial: number): string {
  return JSON.stringify({ version: 4, serial, lineage: "a", outputs: {}, resources: [] });
}

describe("watchState", () => {
  let directory: string;
  let path: string;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), "multicloud-state-"));
    path = join(directory, "terraform.tfstate");
  });
  afterEach(async () => rm(directory, { recursive: true }));

  it("delivers each version while the file is rewritten", async () => {
    const serials: number[] = [];
    const watch = watchState(path, null, async ({ serial }) => void serials.push(serial));

    for (const serial of [1, 2, 3]) {
      await writeFile(path, stateText(serial));
      await until(() => serials.at(-1) === serial, { what: `serial ${serial}` });
    }
    await watch.stop();

    expect(serials).to.deep.equal([1, 2, 3]);
  });

  it("passes over torn and empty files until they are complete", async () => {
    const serials: number[] = [];
    const watch = watchState(path, null, async ({ serial }) => void serials.push(serial));

    await writeFile(path, "");
    await writeFile(path, stateText(1).slice(0, 20));
    await writeFile(path, stateText(1));
    await watch.stop();

    expect(serials).to.deep.equal([1]);
  });

  it("does not deliver the version that was there before", async () => {
    const serials: number[] = [];
    await writeFile(path, stateText(4));
    const watch = watchState(path, { serial: 4, lineage: "a" }, async ({ serial }) => {
      serials.push(serial);
    });

    await watch.stop();

    expect(serials).to.deep.equal([]);
  });

  it("delivers at once what is ahead of the version that was stored", async () => {
    const serials: number[] = [];
    await writeFile(path, stateText(4));

    const watch = watchState(path, { serial: 2, lineage: "a" }, async ({ serial }) => {
      serials.push(serial);
    });
    await until(() => serials.length > 0, { what: "the version in the file" });
    await watch.stop();

    expect(serials).to.deep.equal([4]);
  });

  it("delivers the newest next while one delivery is busy", async () => {
    const serials: number[] = [];
    const gate = new EventEmitter();
    const released = once(gate, "release");
    const watch = watchState(path, null, async ({ serial }) => {
      serials.push(serial);
      if (serial === 1) await released;
    });

    await writeFile(path, stateText(1));
    await until(() => serials.length === 1, { what: "the first delivery" });
    await writeFile(path, stateText(2));
    await writeFile(path, stateText(3));
    gate.emit("release");
    await watch.stop();

    expect(serials).to.deep.equal([1, 3]);
  });

  it("tries a failed version again at the end, and forgets the failure if that works", async () => {
    let attempts = 0;
    const watch = watchState(path, null, async () => {
      attempts += 1;
      if (attempts === 1) throw new Error("database is away");
    });

    await writeFile(path, stateText(1));
    await until(() => attempts > 0, { what: "the first attempt" });
    await watch.stop();

    expect(attempts).to.be.greaterThan(1);
  });

  it("throws when the last version could not be delivered", async () => {
    const watch = watchState(path, null, async () => {
      throw new Error("database is away");
    });
    await writeFile(path, stateText(1));

    const error = await watch.stop().catch((caught) => caught);

    expect(error).to.be.instanceOf(Error).with.property("message", "database is away");
  });
});
