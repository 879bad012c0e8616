import { registry } from "#src/memory/this-thread.js";

/** Where the files of our objects are; for the programs in `bench/peers`, whose own package.json knows no `#src`. */
export const objectFolder = (): string => registry().directory;
