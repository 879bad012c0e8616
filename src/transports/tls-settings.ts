import { isIP } from "node:net";
import type { ConnectionOptions, TlsOptions as NodeTlsOptions, SecureContextOptions } from "node:tls";
import { UsageError } from "../errors.js";
import type { TlsOptions } from "./connection-options.js";

/** Some servers write `TRUSTED CERTIFICATE`. */
const AUTHORITY = /-----BEGIN [A-Z0-9 ]*CERTIFICATE-----/;

/** @throws UsageError for what is no certificate, no key, or a key of another certificate */
function context({ cert, key, ca, passphrase }: TlsOptions): SecureContextOptions {
  const authorities = ca === undefined ? undefined : (Array.isArray(ca) ? ca : [ca]).map((one) => pem(one, "ca"));
  // Node would pass over it, and trust nobody
  if (authorities?.some((one) => !AUTHORITY.test(one.toString("latin1"))))
    throw new UsageError("tls.ca has no certificate in it; allowed: certificates in PEM");
  const settings: SecureContextOptions = {
    minVersion: "TLSv1.2",
    ...(cert !== undefined && { cert: pem(cert, "cert") }),
    ...(key !== undefined && { key: pem(key, "key") }),
    ...(passphrase !== undefined && { passphrase }),
    ...(authorities !== undefined && { ca: authorities }),
  };
  if (cert === undefined && key === undefined && ca === undefined) return settings;
  try {
    process.getBuiltinModule("node:tls").createSecureContext(settings);
  } catch (cause) {
    const why = (cause as Error).message.replace(/^error:[0-9A-F]+:/i, "");
    throw new UsageError(
      `tls.cert and tls.key cannot be used: ${why}; allowed: a certificate and its key in PEM, with the key's passphrase if it has one`,
      { cause },
    );
  }
  return settings;
}

function pem(given: string | Uint8Array, name: string): Buffer {
  if (typeof given === "string" || given instanceof Uint8Array) return Buffer.from(given as Uint8Array);
  throw new UsageError(`tls.${name} is ${typeof given}; allowed: PEM, as a string or bytes`);
}

/** What Node's TLS server is told. @throws UsageError when the certificate or its key is missing */
export function listenerTls(tls: TlsOptions, operation: string): NodeTlsOptions {
  if (tls.cert === undefined || tls.key === undefined)
    throw new UsageError(
      `${operation}: tls has no ${tls.cert === undefined ? "cert" : "key"}; a TLS listener needs both`,
    );
  return { ...context(tls), requestCert: tls.ca !== undefined, rejectUnauthorized: true };
}

/** What Node's TLS client is told. @throws UsageError for certificates and keys that are none */
export function clientTls(tls: TlsOptions, host: string): ConnectionOptions {
  const servername = tls.servername ?? (isIP(host) ? undefined : host);
  return { ...context(tls), rejectUnauthorized: true, ...(servername !== undefined && { servername }) };
}
