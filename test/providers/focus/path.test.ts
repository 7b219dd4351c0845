import { mkdir, realpath, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { afterEach, beforeEach, describe, it } from "mocha";
import { FocusFileError } from "../../../providers/focus/errors.ts";
import { resolveCostFile } from "../../../providers/focus/path.ts";
import { failureOf } from "../../support/failure.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

describe("resolveCostFile", () => {
  let folder: string;
  let outside: string;
  let remove: () => Promise<void>;

  beforeEach(async () => {
    const temporary = await temporaryFolder();
    remove = () => temporary.remove();
    folder = join(temporary.path, "costs");
    outside = join(temporary.path, "costs-of-another", "secret.csv");
    await mkdir(join(folder, "2024"), { recursive: true });
    await mkdir(join(temporary.path, "costs-of-another"));
    await Promise.all([
      writeFile(outside, "secret"),
      writeFile(join(folder, "2024", "bill[1] *.csv"), "x"),
      symlink(join(folder, "2024"), join(folder, "current")),
      symlink(outside, join(folder, "link.csv")),
      symlink(join(temporary.path, "costs-of-another"), join(folder, "other")),
      symlink(join(folder, "nowhere"), join(folder, "dangling.csv")),
    ]);
  });
  afterEach(() => remove());

  it("finds a file below the folder, also through a link that stays inside", async () => {
    const expected = await realpath(join(folder, "2024", "bill[1] *.csv"));

    expect(await resolveCostFile(folder, "2024/bill[1] *.csv")).to.equal(expected);
    expect(await resolveCostFile(folder, "./current/bill[1] *.csv")).to.equal(expected);
  });

  const refusals = [
    ["/etc/passwd", "PATH_REFUSED", /is absolute/],
    ["../costs-of-another/secret.csv", "PATH_REFUSED", /goes up/],
    ["2024/../../costs-of-another/secret.csv", "PATH_REFUSED", /goes up/],
    ["2024\\..\\x.csv", "PATH_REFUSED", /goes up/],
    ["link.csv", "PATH_REFUSED", /leaves the cost folder/],
    ["other/secret.csv", "PATH_REFUSED", /leaves the cost folder/],
    ["2024", "PATH_REFUSED", /is no file$/],
    [".", "PATH_REFUSED", /is no file$/],
    ["", "PATH_REFUSED", /is no file name/],
    ["a\0b", "PATH_REFUSED", /is no file name/],
    ["missing.csv", "NOT_FOUND", /does not exist/],
    ["dangling.csv", "NOT_FOUND", /does not exist/],
  ] as const;
  for (const [path, code, message] of refusals) {
    it(`refuses ${JSON.stringify(path)} without naming our folders`, async () => {
      const error = await failureOf(resolveCostFile(folder, path), FocusFileError);

      expect(error).to.include({ code, fault: "tenant" });
      expect(error.message).to.match(message).and.to.include(JSON.stringify(path));
      expect(error.message).to.not.include(folder);
    });
  }
});
