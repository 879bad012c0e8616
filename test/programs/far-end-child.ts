// A child process that has the far ends of connections: they come to it in messages.
import { type Connection, task } from "interproc";
import { type Answer, type Order, perform, take } from "./far-end.js";

export const farEndChild = task(import.meta, async function farEndChild(orders: Connection<Answer, Order>) {
  for await (const order of orders) {
    if (order.method === "take") take(order.end, order.args[0] as Connection);
    void perform(order).then((answer) => orders.send(answer));
  }
});
