// Opens a queue that is not to be had in time, and ends when nothing keeps it alive: URL
import { openQueue } from "interproc";

const opening = openQueue(process.argv[2], { timeout: 1500 });
opening.then(
  () => console.log("open"),
  (error) => console.log(error.code),
);
