import { ShareableList } from "interproc";

// makes a list and holds it until it is killed, or until its end with "exit"
const [name, ...how] = process.argv.slice(2);
const list = ShareableList.create(name, [1, "two"], { persist: how.includes("persist") });
console.log(`held ${list.name}`);
if (!how.includes("exit")) setInterval(() => list.length, 60_000);
