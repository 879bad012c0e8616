// Maps a file beyond its end on a full device: grow-file PATH SIZE; says how that ended.
import { MappedFile, type SystemError } from "interproc";

const [path, size] = process.argv.slice(2);
try {
  using file = MappedFile.open(path, { size: Number(size) });
  file.bytes.fill(1);
  console.log("mapped", file.size);
} catch (error) {
  console.log((error as SystemError).errno, (error as Error).message);
}
