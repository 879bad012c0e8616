import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  type Connection,
  PriorityQueue,
  pipe,
  Queue,
  SharedEvent,
  SharedValue,
  Stack,
  spawn,
  Topic,
  type Waitable,
  wait,
  waitSync,
} from "interproc";
import { codes } from "../contract/connection-kind.js";
import { getOne, restUntil, writeSlowly } from "../programs/waited-for.js";

const watchdog = { timeout: 60_000 };

describe("wait", watchdog, () => {
  test("smoke: gives what is ready, and leaves it where it is", async () => {
    const [mine, theirs] = pipe<string>();
    using jobs = new Queue<string>();
    await mine.send("hello");
    assert.deepEqual(await wait([jobs, theirs]), [theirs]);
    assert.deepEqual(await wait([jobs, theirs]), [theirs]);
    assert.equal(theirs.tryRecv(), "hello");
    mine.close();
    theirs.close();
  });

  test("[case 28] gives every ready object in the order of the input, over connections, queues, topics, events and processes", async () => {
    const [mine, theirs] = pipe<string>();
    const [idle, other] = pipe<string>();
    const objects = [new Queue<number>(), new PriorityQueue<number>(), new Stack<number>()];
    using topic = new Topic<number>();
    const subscription = topic.subscribe();
    using event = new SharedEvent();
    const child = spawn(restUntil, [idle]);
    assert.equal(await other.recv(), "here");
    const all: Waitable[] = [theirs, event, ...objects, subscription, child, other];
    assert.deepEqual(await wait(all, { timeout: 0 }), []);
    const waiting = wait(all);
    event.set();
    assert.deepEqual(await waiting, [event]);
    mine.sendSync("x");
    for (const queue of objects) queue.tryPut(1);
    topic.publish(1);
    assert.deepEqual(await wait(all), all.slice(0, -2));
    child.kill();
    await child.join();
    assert.deepEqual(await wait(all), all, "a killed peer is the end of a connection, and a process that has ended");
    for (const one of [mine, theirs, other, ...objects]) one.close();
  });

  test("[case 6] a process is not ready while it runs, and is once it has died", async () => {
    const [mine, theirs] = pipe();
    const child = spawn(restUntil, [theirs]);
    assert.equal(await mine.recv(), "here");
    assert.deepEqual(await wait([child], { timeout: 20 }), []);
    const waiting = wait([child]);
    child.kill();
    assert.deepEqual(await waiting, [child]);
    mine.close();
  });

  test("[case 29] gives [] at the timeout, counts a negative one as 0, and honours it for no objects", async () => {
    using queue = new Queue();
    for (const objects of [[queue], []]) {
      const begun = performance.now();
      assert.deepEqual(await wait(objects, { timeout: 40 }), []);
      assert.deepEqual(waitSync(objects, { timeout: 40 }), []);
      assert.ok(performance.now() - begun >= 79, "it waited");
      assert.deepEqual(await wait(objects, { timeout: -5 }), []);
      assert.deepEqual(waitSync(objects, { timeout: -5 }), []);
    }
    await assert.rejects(wait([]), codes.usage);
    assert.throws(() => waitSync([]), codes.usage);
  });

  test("[case 30] a slow stream from 4 writers is received whole through wait until each end", async () => {
    const count = 40;
    const open = new Set<Connection>();
    const got = new Map<Connection, unknown[]>();
    for (let i = 0; i < 4; i++) {
      const [mine, theirs] = pipe();
      spawn(writeSlowly, [theirs, count]);
      open.add(mine);
      got.set(mine, []);
    }
    while (open.size > 0)
      for (const conn of await wait([...open])) {
        try {
          got.get(conn)?.push(await conn.recv({ timeout: 20_000 }));
        } catch (error) {
          assert.equal((error as { code: string }).code, codes.end.code);
          conn.close();
          open.delete(conn);
        }
      }
    const whole = Array.from({ length: count }, (_, i) => i);
    for (const list of got.values()) assert.deepEqual(list, whole);
  });

  test("does among 500 objects what it does among two", async () => {
    const ends = Array.from({ length: 500 }, () => pipe<number>({ capacity: 4096 }));
    const far = ends.map(([, theirs]) => theirs);
    for (const index of [0, 250, 499]) {
      const waiting = wait(far);
      ends[index][0].trySend(index);
      assert.deepEqual(await waiting, [far[index]]);
      assert.equal(far[index].tryRecv(), index);
    }
    assert.deepEqual(waitSync(far, { timeout: 5 }), []);
    for (const end of ends.flat()) end.close();
  });

  test("an aborted wait rejects with the reason and leaves no trace: an end can be handed over, messages go to others", async () => {
    const [mine, theirs] = pipe<string>();
    using queue = new Queue<string>();
    const reason = new Error("changed my mind");
    const controller = new AbortController();
    const waiting = assert.rejects(wait([theirs, queue], { signal: controller.signal }), reason);
    controller.abort(reason);
    await waiting;
    await assert.rejects(wait([queue], { signal: controller.signal }), reason);
    const got = queue.get();
    await queue.put("to who gets");
    assert.equal(await got, "to who gets");
    const child = spawn(restUntil, [theirs]);
    assert.equal(await mine.recv(), "here");
    mine.close();
    await child.join();
  });

  test("the wake of a message that was only waited for is passed on to who gets it", async () => {
    const [mine, theirs] = pipe();
    using queue = new Queue<string>();
    const enough = new AbortController();
    const waiting = wait([queue], { signal: enough.signal }).catch(() => "the child was faster"); // stands first in the line
    const child = spawn(getOne, [queue, theirs]);
    assert.equal(await mine.recv(), "waiting");
    await queue.put("for the child");
    assert.equal(await child.result({ timeout: 20_000 }), "for the child");
    enough.abort();
    const ready = await waiting;
    assert.ok(ready === "the child was faster" || ready[0] === queue);
    mine.close();
  });

  test("when another consumer was faster, it is over what is ready now, or goes on waiting", async () => {
    using queue = new Queue<number>();
    const waiting = wait([queue]);
    const getting = queue.get();
    await queue.put(1);
    assert.equal(await getting, 1);
    await queue.put(2);
    assert.deepEqual(await waiting, [queue]);
    assert.equal(queue.tryGet(), 2);
  });

  test("a queue that was shut down and is over is ready, and so is an event that was set and cleared at once", async () => {
    using queue = new Queue<number>();
    using event = new SharedEvent();
    const waiting = Promise.all([wait([queue]), wait([event])]);
    await new Promise(setImmediate);
    event.set();
    event.clear();
    queue.shutdown();
    assert.deepEqual(await waiting, [[queue], [event]]);
    await assert.rejects(queue.get(), codes.closed);
  });

  test("a subscription is ready for messages that match its pattern, and gives them all afterwards", async () => {
    using topic = new Topic<number>();
    const some = topic.subscribe("price.*");
    topic.publish(1, { key: "news" });
    assert.deepEqual(await wait([some], { timeout: 10 }), []);
    const waiting = wait([some]);
    topic.publish(2, { key: "price.x" });
    topic.publish(3, { key: "price.y" });
    assert.deepEqual(await waiting, [some]);
    assert.deepEqual(waitSync([some]), [some]);
    assert.deepEqual([some.tryGet(), some.tryGet(), some.tryGet()], [2, 3, undefined]);
  });

  test("a closed object is a ClosedError, also when it is closed meanwhile", async () => {
    using queue = new Queue();
    const [mine, theirs] = pipe();
    const closing: (Waitable & Disposable)[] = [theirs, new Queue(), new SharedEvent(), new Topic().subscribe()];
    for (const object of closing) {
      const waiting = assert.rejects(wait([queue, object]), codes.closed);
      object[Symbol.dispose]();
      await waiting;
      await assert.rejects(wait([queue, object]), codes.closed);
      assert.throws(() => waitSync([queue, object]), codes.closed);
    }
    mine.close();
  });

  test("what cannot be waited for is a UsageError that says what can", async () => {
    using value = new SharedValue("i32", 0);
    for (const wrong of [value, null, 3, "text"]) {
      await assert.rejects(wait([wrong as unknown as Waitable]), codes.usage);
      assert.throws(() => waitSync([wrong as unknown as Waitable]), codes.usage);
    }
    await assert.rejects(wait("text" as unknown as Waitable[]), codes.usage);
  });

  test("waitSync blocks until something is ready, and refuses what nobody could make ready", async () => {
    const [mine, theirs] = pipe();
    const [near, far] = pipe();
    assert.throws(() => waitSync([near, far]), codes.usage);
    const child = spawn(writeSlowly, [theirs, 1]);
    assert.deepEqual(waitSync([near, mine]), [mine]);
    assert.throws(() => waitSync([child, mine]), codes.usage);
    assert.equal(mine.recvSync(), 0);
    assert.deepEqual(waitSync([mine]), [mine], "the end");
    await child.join();
    for (const end of [mine, near, far]) end.close();
  });

  test("what is always ready lets timers run", async () => {
    using queue = new Queue<number>();
    queue.tryPut(1);
    let fired = false;
    setTimeout(() => {
      fired = true;
    }, 1);
    while (!fired) assert.deepEqual(await wait([queue]), [queue]);
  });
});
