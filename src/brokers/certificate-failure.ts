import { AuthenticationError } from "../errors.js";

/** Codes of Node and of OpenSSL: of who we do not trust, and of who does not trust us. */
const REFUSALS =
  /^(CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_(GET|VERIFY)_|INVALID_CA$|HOSTNAME_MISMATCH$|ERR_TLS_CERT_|ERR_SSL_\w*(CERTIFICATE|UNKNOWN_CA))/;

/** That a certificate was refused, at either end, as an error of ours; undefined for any other failure. */
export function certificateFailure(error: unknown, operation: string, shown: string): AuthenticationError | undefined {
  for (let one = error; one instanceof Error; one = one.cause) {
    const { code, message } = one as NodeJS.ErrnoException;
    if (typeof code === "string" && REFUSALS.test(code))
      return new AuthenticationError(
        `${operation}: the certificate was refused: ${message} (${code}); trusted are the system's authorities, or those of tls.ca`,
        { resource: shown, cause: error },
      );
  }
  return undefined;
}
