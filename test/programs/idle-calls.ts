// A caller that waits for nothing ends by itself: URL
import { remoteAt } from "interproc";

const far = await remoteAt<{ whoAreYou(): number }>(process.argv[2]);
console.log(typeof (await far.whoAreYou()));
