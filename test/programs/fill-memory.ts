// In a directory that is nearly full: makes blocks until there is no room, and says how that ended.
import { SharedMemory, type SystemError } from "interproc";

const blocks = [];
try {
  for (;;) blocks.push(new SharedMemory({ size: 100_000, python: process.argv[2] === "python" }));
} catch (error) {
  for (const block of blocks) block.bytes.fill(1);
  const { errno, retryable, message } = error as SystemError;
  console.log(JSON.stringify({ made: blocks.length > 0, errno, retryable, message }));
}
