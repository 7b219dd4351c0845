import { createSecretKey } from "node:crypto";
import { expect } from "chai";
import { describe, it } from "mocha";
import { decrypt, encrypt } from "../../../runtime/secrets/aes-gcm.ts";

/** Test cases 13, 14 and 16 of McGrew and Viega, "The Galois/Counter Mode of Operation", appendix B. */
const vectors = [
  {
    name: "nothing",
    key: "00".repeat(32),
    nonce: "00".repeat(12),
    clear: "",
    associated: "",
    sealed: "530f8afbc74536b9a963b4f1c4cb738b",
  },
  {
    name: "one block of zeros",
    key: "00".repeat(32),
    nonce: "00".repeat(12),
    clear: "00".repeat(16),
    associated: "",
    sealed: "cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919",
  },
  {
    name: "60 bytes with associated data",
    key: "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308",
    nonce: "cafebabefacedbaddecaf888",
    clear:
      "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72" +
      "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39",
    associated: "feedfacedeadbeeffeedfacedeadbeefabaddad2",
    sealed:
      "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa" +
      "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662" +
      "76fc6ece0f4e1768cddf8853bb2d551b",
  },
];

describe("AES-256-GCM", () => {
  for (const vector of vectors) {
    const key = createSecretKey(Buffer.from(vector.key, "hex"));
    const nonce = Buffer.from(vector.nonce, "hex");
    const associated = Buffer.from(vector.associated, "hex");

    it(`encrypts ${vector.name} as published`, () => {
      const sealed = encrypt(key, nonce, Buffer.from(vector.clear, "hex"), associated);

      expect(sealed.toString("hex")).to.equal(vector.sealed);
    });

    it(`decrypts ${vector.name} as published`, () => {
      const clear = decrypt(key, nonce, Buffer.from(vector.sealed, "hex"), associated);

      expect(clear?.toString("hex")).to.equal(vector.clear);
    });
  }
});
