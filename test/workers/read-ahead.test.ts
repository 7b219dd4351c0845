import { expect } from "chai";
import { describe, it } from "mocha";
import { readAhead } from "../../workers/read-ahead.ts";

describe("readAhead", () => {
  it("asks for the next page before this one is done with", async () => {
    const events: string[] = [];
    async function* source(): AsyncGenerator<number> {
      for (const page of [1, 2, 3]) {
        events.push(`read ${page}`);
        yield page;
      }
    }

    for await (const page of readAhead(source())) events.push(`write ${page}`);

    expect(events).to.deep.equal(["read 1", "read 2", "write 1", "read 3", "write 2", "write 3"]);
  });

  it("passes on what came before an error, then the error", async () => {
    async function* source(): AsyncGenerator<number> {
      yield 1;
      throw new Error("cut off");
    }
    const pages: number[] = [];

    const read = async () => {
      for await (const page of readAhead(source())) pages.push(page);
    };

    expect(await read().catch((error: unknown) => error)).to.have.property("message", "cut off");
    expect(pages).to.deep.equal([1]);
  });

  it("closes the source when the caller stops early", async () => {
    let isClosed = false;
    async function* source(): AsyncGenerator<number> {
      try {
        yield 1;
        yield 2;
        yield 3;
      } finally {
        isClosed = true;
      }
    }

    for await (const page of readAhead(source())) {
      if (page === 1) break;
    }

    expect(isClosed).to.equal(true);
  });
});
