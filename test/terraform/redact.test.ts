import { expect } from "chai";
import fc from "fast-check";
import { describe, it } from "mocha";
import { createRedactor } from "../../terraform/redact.ts";

const secret = "s3cr+t/value=";

describe("createRedactor", () => {
  it("takes out a secret as it is, in base64 and URL-encoded", () => {
    const redactor = createRedactor([secret]);
    const forms = [
      secret,
      Buffer.from(secret).toString("base64"),
      Buffer.from(secret).toString("base64url"),
      encodeURIComponent(secret),
    ];

    for (const form of forms) {
      expect(redactor.text(`before ${form} after`)).to.equal("before [redacted] after");
    }
  });

  it("leaves no tail of a secret that begins like another", () => {
    const redactor = createRedactor(["abcdef", "abcdefgh"]);

    expect(redactor.text("abcdefgh abcdef")).to.equal("[redacted] [redacted]");
  });

  it("ignores values so short that they occur by chance", () => {
    expect(createRedactor(["abc", ""]).text("abc")).to.equal("abc");
  });

  it("finds secrets in decoded JSON that escapes would hide", () => {
    const redactor = createRedactor(["line one\nline two"]);

    const value = redactor.value({ detail: ["got line one\nline two"], count: 1, none: null });

    expect(value).to.deep.equal({ detail: ["got [redacted]"], count: 1, none: null });
  });
});

describe("a redactor's stream", () => {
  const secrets = ["abcabcabd", "abcabc", "xyzxyz"];
  const texts = fc.array(fc.constantFrom("abc", "abcabcabd", "abcabc", "xyz", "xyzxyz", " ", "d"));

  it("gives the same as the whole text at once, however it is cut", () => {
    fc.assert(
      fc.property(texts, fc.infiniteStream(fc.integer({ min: 1, max: 7 })), (words, lengths) => {
        const redactor = createRedactor(secrets);
        const stream = redactor.stream();
        const text = words.join("");
        let out = "";
        for (let at = 0; at < text.length; ) {
          const length = lengths.next().value;
          out += stream.write(text.slice(at, at + length));
          at += length;
        }
        expect(out + stream.end()).to.equal(redactor.text(text));
      }),
    );
  });

  it("passes text through at once when there is nothing to hide", () => {
    expect(createRedactor([]).stream().write("text")).to.equal("text");
  });
});
