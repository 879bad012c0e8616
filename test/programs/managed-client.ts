// Holds a lock and a list of a Python manager, until it is killed.
import { connectManager } from "#src/python/connect-manager.js";

const manager = await connectManager(process.argv[2], { authkey: "secret", md5: process.argv[3] === "legacy" });
const lock = await manager.lock("shared_lock");
await lock.acquire();
const list = await manager.list("list", [1]);
console.log(await list.size());
setInterval(() => undefined, 60_000);
