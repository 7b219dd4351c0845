import { generate } from "selfsigned";

/** A key and a certificate for this machine, both PEM; who trusts the certificate trusts the simulation. */
export interface LocalCertificate {
  key: string;
  certificate: string;
}

/** Makes a certificate for `localhost` and `127.0.0.1` that signs itself and may act as its own authority. */
export async function makeCertificate(): Promise<LocalCertificate> {
  const { private: key, cert } = await generate([{ name: "commonName", value: "localhost" }], {
    keyType: "ec",
    algorithm: "sha256",
    extensions: [
      { name: "basicConstraints", cA: true, critical: true },
      { name: "keyUsage", digitalSignature: true, keyCertSign: true, critical: true },
      {
        name: "subjectAltName",
        altNames: [
          { type: 2, value: "localhost" },
          { type: 7, ip: "127.0.0.1" },
        ],
      },
    ],
  });
  return { key, certificate: cert };
}
