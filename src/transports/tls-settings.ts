import { isIP } from "node:net";
import type { ConnectionOptions, TlsOptions as NodeTlsOptions, SecureContextOptions } from "node:tls";
import { UsageError } from "../errors.js";
import type { TlsOptions } from "./connection-options.js";

function context({ cert, key, ca, passphrase }: TlsOptions): SecureContextOptions {
  return {
    minVersion: "TLSv1.2",
    ...(cert !== undefined && { cert: Buffer.from(cert) }),
    ...(key !== undefined && { key: Buffer.from(key) }),
    ...(passphrase !== undefined && { passphrase }),
    ...(ca !== undefined && { ca: (Array.isArray(ca) ? ca : [ca]).map((one) => Buffer.from(one)) }),
  };
}

/** What Node's TLS server is told. @throws UsageError when the certificate or its key is missing */
export function listenerTls(tls: TlsOptions, operation: string): NodeTlsOptions {
  if (tls.cert === undefined || tls.key === undefined)
    throw new UsageError(
      `${operation}: tls has no ${tls.cert === undefined ? "cert" : "key"}; a TLS listener needs both`,
    );
  return { ...context(tls), requestCert: tls.ca !== undefined, rejectUnauthorized: true };
}

/**
 * What `make` makes of them.
 *
 * @throws UsageError when certificates, key, passphrase or authorities cannot be read, or do not belong together
 */
export function withTls<T>(operation: string, make: () => T): T {
  try {
    return make();
  } catch (cause) {
    const { code = "", message } = cause as NodeJS.ErrnoException;
    if (!/^ERR_(OSSL|CRYPTO|INVALID_ARG)/.test(code)) throw cause;
    throw new UsageError(
      `${operation}: tls cannot be used: ${message}; allowed: cert, key and ca as PEM, the key being that of the certificate`,
      { cause },
    );
  }
}

/** What Node's TLS client is told. */
export function clientTls(tls: TlsOptions, host: string): ConnectionOptions {
  const servername = tls.servername ?? (isIP(host) ? undefined : host);
  return { ...context(tls), rejectUnauthorized: true, ...(servername !== undefined && { servername }) };
}
