import { join } from "node:path";
import { expect } from "chai";
import { describe, it } from "mocha";
import { writeCostFile } from "../../local/cost-files.ts";
import { readFocus } from "../../providers/focus/read.ts";
import { collect, soon } from "../support/aws.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

describe("writeCostFile", () => {
  it("writes a file that the FOCUS reader understands, the same for the same seed", async () => {
    const folder = await temporaryFolder();
    const read = async (name: string) => {
      const file = await writeCostFile(join(folder.path, name), { seed: 7, lines: 300 });
      return (await collect(readFocus(join(file.directory, file.name), soon()))).flat();
    };

    const [first, second] = [await read("first"), await read("second")];
    await folder.remove();

    expect(first).to.deep.equal(second);
    expect(first.length).to.be.within(100, 300);
    expect(first.some(({ cost }) => cost.startsWith("-"))).to.equal(true);
    expect(first.some(({ resourceId }) => resourceId === null)).to.equal(true);
  });
});
