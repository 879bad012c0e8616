const silent = { hasSubscribers: false };

/** Stands in place of the one of `node:diagnostics_channel`: in a page nobody can subscribe, so that nothing is published. */
export const channel = (): { readonly hasSubscribers: boolean } => silent;

/** The same. */
export const tracingChannel = (): Record<string, { readonly hasSubscribers: boolean }> => ({
  ...{ start: silent, end: silent, asyncStart: silent, asyncEnd: silent, error: silent },
});
