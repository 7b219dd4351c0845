import { expect } from "chai";
import fc from "fast-check";
import { describe, it } from "mocha";
import { add, formatDecimal, parseDecimal, zero } from "../../../providers/focus/decimal.ts";

function plain(text: string): string | null {
  const decimal = parseDecimal(text);
  return decimal && formatDecimal(decimal);
}

describe("decimal", () => {
  const readings = [
    ["0", "0"],
    ["-0.00", "0"],
    ["00012.500", "12.5"],
    [".5", "0.5"],
    ["5.", "5"],
    ["-2.6137", "-2.6137"],
    ["6.4E-8", "0.000000064"],
    ["1e3", "1000"],
    ["1.25E+1", "12.5"],
    ["0.1234567890123456789012345678", "0.1234567890123456789012345678"],
    [
      "99999999999999999999.0000000000000000000000000001",
      "99999999999999999999.0000000000000000000000000001",
    ],
  ] as const;
  for (const [text, expected] of readings) {
    it(`reads ${text} as ${expected}`, () => expect(plain(text)).to.equal(expected));
  }

  for (const text of [
    "",
    "-",
    ".",
    "+1",
    "1,000",
    "1 000",
    "NaN",
    "Infinity",
    "0x10",
    "1e",
    "1e5000",
    "1e101",
    "9".repeat(101),
  ]) {
    it(`does not take "${text.slice(0, 20)}" for a number`, () =>
      expect(plain(text)).to.equal(null));
  }

  it("adds without losing a digit, in any order", () => {
    const amount = fc.tuple(
      fc.bigInt({ min: -(10n ** 20n), max: 10n ** 20n }),
      fc.nat({ max: 28 }),
    );
    fc.assert(
      fc.property(fc.array(amount), (amounts) => {
        const decimals = amounts.map(([units, scale]) => ({ units, scale }));
        const expected = amounts.reduce(
          (sum, [units, scale]) => sum + units * 10n ** BigInt(28 - scale),
          0n,
        );

        const sum = formatDecimal(decimals.reduce(add, zero));
        const reversed = formatDecimal(decimals.toReversed().reduce(add, zero));

        expect(sum).to.equal(formatDecimal({ units: expected, scale: 28 }));
        expect(reversed).to.equal(sum);
        expect(plain(sum)).to.equal(sum);
      }),
    );
  });
});
