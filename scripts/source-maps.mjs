// Loaded before a test file: its stack traces name lines of TypeScript. Its children, which are run with the same options, are
// not: to read the map takes a process longer than all else of its start.
process.setSourceMapsEnabled(true);
const own = process.execArgv.indexOf("--import");
process.execArgv.splice(own, 2);
